"""A setting that is misspelt is ignored, and said to be."""

import re

import pytest

from api.app import create_app
from api.config import read_config
from tests.secrecy import TAP
from tests.settings import environment, environment_of


@pytest.fixture
def warned(instance, database_url, redis_url):
    """What a start with these names in the environment warns of: the hints, each with the name."""

    def warned(**settings):
        with environment_of(environment(instance, database_url, redis_url, **settings)):
            before = len(TAP.lines)
            create_app(read_config())
        said = b"".join(TAP.lines[before:]).decode()
        assert "a-secret" not in said
        return dict(re.findall(r"setting_unknown +hint='([^']+)' name=(\w+)", said))

    return warned


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LIMIT_SMS_PER_ADRESS", "LIMIT_SMS_PER_ADDRESS"),
        ("SMS_COOLDOWN", "SMS_COOLDOWN_SECONDS"),
        ("SMS_GATEWAY", "SMS_GATEWAYS"),
        ("SECRET_KEY", "SECRET_KEYS"),
        ("REDIS_URI", "REDIS_URL"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("ACCESS_TOKEN_SECOND", "ACCESS_TOKEN_SECONDS"),
        ("DATABASE_TIMEOUT_SECS", "DATABASE_TIMEOUT_SECONDS"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest_that_is_one(warned, name, meant):
    assert warned(**{name: "a-secret"}) == {f"did you mean {meant}?": name}


def test_a_name_of_our_own_families_is_told_though_nothing_is_near(warned):
    assert warned(SMS_Q="1") == {"see docs/configuration.md": "SMS_Q"}


def test_names_of_others_and_of_idle_vendors_are_left_alone(warned):
    """A shell has much besides, and a vendor's account may be there before it is named."""
    others = ("HOSTNAME", "LOGNAME", "MAIL", "REDIS_PASSWORD", "DATABASE_HOST", "POSTGRES_URL", "WORKDIR", "SHELL")
    vendors = {"TENCENT_SECRET_ID": "x", "TENCENT_X": "x", "ALIYUN_SIGN_NAME": "x", "JUHE_KEY": "x"}
    assert warned(**dict.fromkeys(others, "x"), **vendors) == {}


def test_a_named_vendor_s_settings_are_looked_at(warned):
    webhook = {"SMS_GATEWAYS": "webhook", "WEBHOOK_URL": "https://x.example/", "WEBHOOK_SECRET": "s"}
    assert warned(**webhook) == {}
    assert warned(**webhook, WEBHOOK_SECRT="s") == {"did you mean WEBHOOK_SECRET?": "WEBHOOK_SECRT"}
