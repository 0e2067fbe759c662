"""Two nodes on the database and the Redis of the run."""

import pytest

from tests.cluster.shop import Shop


@pytest.fixture(scope="package")
def shop(database_url, redis_url):
    shop = Shop(database_url, redis_url)
    yield shop
    shop.remove()


@pytest.fixture(autouse=True)
def nothing_broke(request):
    """Whatever was away, no node's log tells of a defect."""
    if "shop" not in request.fixturenames:
        yield
        return
    shop = request.getfixturevalue("shop")
    before = len(shop.log)
    yield
    _, *defects = shop.log[before:].split("internal_error")
    assert not defects, defects[0][:6000]
