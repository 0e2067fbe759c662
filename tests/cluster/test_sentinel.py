"""A primary that dies, and the Sentinels that name another: codes wait for seconds, sessions for nothing."""

import time

import pytest

from tests.cluster.asking import Watch, cut_off, sends_again, two_sessions
from tests.cluster.shop import Shop
from tests.servers.redis_sentinel import WatchedRedis
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster
BACK_SECONDS = 20


@pytest.fixture(scope="module")
def watched():
    watched = WatchedRedis()
    yield watched
    watched.remove()


@pytest.fixture(scope="module")
def shop(database_url, watched):
    shop = Shop(database_url, watched.url, WORKERS=2)
    yield shop
    shop.remove()


def other_than(watched, server):
    """Until the Sentinels agree that ``server`` is not primary any more."""

    def is_another():
        try:
            return watched.primary() is not server
        except Exception:
            return False

    wait_until(is_another, "the fail-over", BACK_SECONDS)


@pytest.mark.everywhere
def test_a_primary_that_dies_is_replaced_within_seconds(shop, watched):
    """R26, F8: the replica had not heard of the logout, and still nobody believes the session; what is answered is answered in time."""
    living, ended = two_sessions(shop)
    primary = watched.primary()
    replica = next(server for server in watched.servers if server is not primary)
    with Watch(living, ended).begun() as watch:
        with cut_off(primary, replica):
            assert ended.logout().status == 204
            died = time.monotonic()
            primary.stop()
        other_than(watched, primary)
        wait_until(lambda: sends_again(shop), "messages", BACK_SECONDS)
        print(f"sending again after {time.monotonic() - died:.1f} s")
        assert shop.shopper().register()
    primary.start()
    assert watch.said(since=died) == {"living": {200}, "ended": {401}}
    assert watch.slowest < 3


def test_a_primary_that_hung_and_woke_is_believed_no_more(shop, watched):
    """R26, F8: it wakes as a primary, with the session that was ended while it hung."""
    primary = watched.primary()
    replica = next(server for server in watched.servers if server is not primary)
    wait_until(lambda: replicates(replica), "the replica", BACK_SECONDS)
    living, ended = two_sessions(shop)
    primary.freeze()
    try:
        other_than(watched, primary)
        wait_until(lambda: sends_again(shop), "messages", BACK_SECONDS)
        assert ended.logout().status == 204
        assert {ended.me().status for _ in range(20)} == {401}
    finally:
        primary.thaw()
    assert {ended.me().status for _ in range(100)} == {401}
    assert {living.me().status for _ in range(20)} == {200}


def replicates(server):
    with server.connect() as redis:
        return redis.info("replication").get("master_link_status") == "up"
