"""The vendors' stand-ins, which forget everything between tests."""

import os

import pytest

from tests.gateways.vendors import VENDORS, WITH_TEMPLATES


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """The proxies of the surrounding shell are not asked for what is on loopback."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def standing():
    """Those that were needed so far, by name."""
    vendors = {}
    yield vendors
    for vendor in vendors.values():
        vendor.standin.stop()


def _fresh(standing, name):
    if name not in standing:
        standing[name] = VENDORS[name]()
    standing[name].standin.reset()
    return standing[name]


@pytest.fixture(params=VENDORS)
def vendor(standing, request):
    """Each of the four."""
    return _fresh(standing, request.param)


@pytest.fixture(params=WITH_TEMPLATES)
def templated(standing, request):
    """Each of the three that send registered texts."""
    return _fresh(standing, request.param)


@pytest.fixture
def tencent(standing):
    return _fresh(standing, "tencent")


@pytest.fixture
def aliyun(standing):
    return _fresh(standing, "aliyun")


@pytest.fixture
def juhe(standing):
    return _fresh(standing, "juhe")


@pytest.fixture
def webhook(standing):
    return _fresh(standing, "webhook")
