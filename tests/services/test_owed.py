"""What Redis is to be told: tried though it is left alone, by one thread at a time."""

import time

import pytest
import structlog
from redis.exceptions import RedisError

from api.redis_provider import RedisProvider
from services.owed import Owed
from tests.parallel import in_parallel
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

TIMEOUT, LIFETIME = 1.0, 60


@pytest.fixture(scope="module")
def server():
    server = RedisServer()
    yield server
    server.thaw()
    server.remove()


@pytest.fixture
def redis(server):
    redis = RedisProvider.from_url(server.url, TIMEOUT)
    redis.flushall()
    redis.mset({f"key:{i}": "here" for i in range(8)})
    return redis


@pytest.fixture
def left_alone(redis):
    """The same Redis, after a command that cost its time limit."""
    circuit = redis.connection_pool.circuit
    circuit.leave(failed=True, slow=True)
    with pytest.raises(RedisError):
        redis.ping()
    return redis


def settle(owed, redis, i=0, insist=True):
    owed.settle(f"{i}", LIFETIME, lambda: redis.delete(f"key:{i}"), insist=insist)


def test_whoever_insists_asks_a_redis_that_is_left_alone(server, left_alone):
    """R26: it was slow a moment ago; to other processes it is there, and they believe it."""
    owed = Owed(structlog.get_logger())
    settle(owed, left_alone)
    assert "0" not in owed
    with server.connect() as other:
        assert not other.exists("key:0")
    assert left_alone.exists("key:1")  # what answered is used again


def test_what_is_owed_is_tried_at_once_too(server, left_alone):
    owed = Owed(structlog.get_logger())
    settle(owed, left_alone, insist=False)
    with server.connect() as other:
        wait_until(lambda: not other.exists("key:0"), "the deletion", 0.5)


def test_a_redis_that_hangs_holds_up_one_of_many_who_insist(server, left_alone):
    """R26, R53, F1: the others go on after a moment, and what they owe is done when it wakes."""
    owed = Owed(structlog.get_logger())
    server.freeze()
    try:

        def wait(i):
            began = time.monotonic()
            settle(owed, left_alone, i)
            return time.monotonic() - began

        waits = sorted(in_parallel(8, wait))
    finally:
        server.thaw()
    assert waits[6] < TIMEOUT / 2
    with server.connect() as other:
        wait_until(lambda: not other.exists(*(f"key:{i}" for i in range(8))), "all deletions", TIMEOUT)
