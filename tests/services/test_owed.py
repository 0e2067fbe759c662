"""What Redis is to be told: tried though it is left alone, by one thread at a time."""

import itertools
import threading
import time

import pytest
import structlog
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from api.redis_provider import RedisProvider
from services.owed import Owed
from tests.parallel import in_parallel
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

TIMEOUT, LIFETIME = 3.0, 60


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
    """The same Redis, after a command that cost its time limit; for as long as it answers nothing."""
    circuit = redis.connection_pool.circuit
    circuit.leave(failed=True, slow=True)
    circuit._opened_at += LIFETIME
    with pytest.raises(RedisError):
        redis.ping()
    return redis


@pytest.fixture
def away():
    """An act that another Redis won't take, as it is away."""
    redis = RedisProvider.from_url("unix:///nowhere/redis.sock", TIMEOUT)
    return lambda: redis.delete("key")


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
        wait_until(lambda: not other.exists("key:0"), "the deletion")


def test_a_node_that_is_away_holds_up_nothing_that_is_owed_to_another(redis, away):
    """R26, F8: of a cluster, whose nodes are left alone each for itself; what is owed to the other is tried on."""
    owed, tries = Owed(structlog.get_logger()), itertools.count()

    def delete_at_the_third_try():
        if next(tries) < 2:
            raise RedisError
        redis.delete("key:0")

    for i in range(100):
        owed.settle(f"away:{i}", 2, away)
    owed.settle("0", LIFETIME, delete_at_the_third_try)
    wait_until(lambda: "0" not in owed, "the deletion", 1)
    assert not redis.exists("key:0")
    assert all(f"away:{i}" in owed for i in range(100))


def test_whoever_was_left_alone_a_moment_ago_has_a_turn(server, left_alone, away):
    """It is asked before its circuit would let anybody in, though another node is away."""
    owed = Owed(structlog.get_logger())
    owed.settle("away", 2, away)
    settle(owed, left_alone, insist=False)
    with server.connect() as other:
        wait_until(lambda: not other.exists("key:0"), "the deletion", 0.5)


def test_where_no_thread_can_be_had_it_waits_for_the_next(redis, away, monkeypatch):
    """What a commit left to be told is no reason to fail it."""

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    owed = Owed(structlog.get_logger())
    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(threading.Thread, "start", refuse)
        owed.settle("away", 0.05, away)
    assert [line["event"] for line in lines] == ["no_thread"]
    assert "away" in owed
    settle(owed, redis)
    wait_until(lambda: "away" not in owed, "its end", 1)


def test_what_is_owed_is_given_up_when_its_time_is_over(away):
    owed = Owed(structlog.get_logger())
    owed.settle("long", 2, away)
    owed.settle("short", 0.05, away)
    wait_until(lambda: "short" not in owed, "its end", 1)
    assert "long" in owed


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
    assert waits[6] < TIMEOUT - 0.5
    with server.connect() as other:
        wait_until(lambda: not other.exists(*(f"key:{i}" for i in range(8))), "all deletions")
