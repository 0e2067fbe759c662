"""Other storages of the limiter than Redis: what they can't is said at the start, and without them limits hold."""

import time

import pytest

from api.bad_setting import BadSetting
from tests.clients import InProcessClient
from tests.faults.asking import BACK_SECONDS
from tests.faults.redis_place import REPLY_SECONDS
from tests.servers.memcached import MemcachedServer
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def memcached():
    server = MemcachedServer()
    yield server
    server.remove()


def asking(app):
    """A function that makes calls and returns their statuses."""
    client = InProcessClient(app)
    return lambda times: [client.post("/v1/login", json={}).status for _ in range(times)]


def settings(memcached, **changes):
    limit = {"LIMIT_LOGIN_PER_ADDRESS": "3/hour"}
    return limit | {"ratelimit_storage_uri": memcached.url, "ratelimit_strategy": "fixed-window"} | changes


@pytest.mark.parametrize("strategy", ["fixed-window", "sliding-window-counter"])
def test_memcached_counts_for_all_processes(make_app, memcached, strategy):
    apps = [make_app(**settings(memcached, ratelimit_strategy=strategy)) for _ in range(2)]
    assert asking(apps[0])(2) + asking(apps[1])(2) == [422, 422, 422, 429]


def test_memcached_has_no_moving_window(make_app, memcached):
    with pytest.raises(BadSetting, match="RATELIMIT_STRATEGY=fixed-window"):
        make_app(**settings(memcached, ratelimit_strategy="moving-window"))


@pytest.mark.parametrize("fault", ["refused", "hung"])
def test_without_memcached_limits_hold_over_all_processes_and_it_comes_back(
    make_app, make_shopper, memcached, gateway, fault
):
    """R52, R53, F9: the database counts; what would send a message is refused; one that hangs costs its time limit once."""
    apps = [make_app(**settings(memcached, redis_timeout_seconds=0.25)) for _ in range(2)]
    began = time.monotonic()
    memcached.stop() if fault == "refused" else memcached.freeze()
    try:
        assert asking(apps[0])(2) + asking(apps[1])(2) == [422, 422, 422, 429]
        assert make_shopper(apps[0]).ask_for_code().code == "service_unavailable"
        assert time.monotonic() - began < REPLY_SECONDS
        assert gateway.messages == []
    finally:
        memcached.start() if fault == "refused" else memcached.thaw()
    wait_until(lambda: make_shopper(apps[0]).ask_for_code().status == 202, "memcached", seconds=BACK_SECONDS)


def test_without_storage_and_database_nothing_is_let_through(make_app):
    """R52: no counter at all is 503."""
    nowhere = "unix:///nonexistent/redis.sock"
    app = make_app(redis_url=nowhere, ratelimit_storage_uri=nowhere, database_url="sqlite:////nonexistent/x")
    reply = InProcessClient(app).post("/v1/login", json={})
    assert (reply.status, reply.code) == (503, "service_unavailable")


def test_that_memory_counts_for_one_process_only_is_said(make_app, capsys):
    make_app(ratelimit_storage_uri="memory://")
    assert "limits_count_per_process" in capsys.readouterr().err
