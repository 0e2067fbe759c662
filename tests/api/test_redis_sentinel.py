"""Asking Sentinels: one asks for all, however long that takes."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from api.redis_provider import RedisProvider

TIMEOUT, THREADS = 0.25, 8


@pytest.fixture
def silent():
    """A Sentinel that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield RedisProvider.from_url(f"redis+sentinel://127.0.0.1:{server.getsockname()[1]}/mymaster", TIMEOUT)


def all_at_once(call):
    """What each of several threads has of a call, and how long the last one took."""
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        said = [one.result() for one in [threads.submit(call) for _ in range(THREADS)]]
    return said, time.monotonic() - began


def test_who_waited_for_an_answer_does_not_ask_again(silent):
    def fails():
        with pytest.raises(RedisError):
            silent.ping()

    assert all_at_once(fails)[1] < 3 * TIMEOUT


def test_one_asks_while_the_others_go_on(silent, monkeypatch):
    asked = []

    def discover(_, service):
        asked.append(service)
        time.sleep(TIMEOUT if len(asked) > 1 else 0)
        return "127.0.0.1", 1

    monkeypatch.setattr(Sentinel, "discover_master", discover)
    monkeypatch.setattr("api.redis_sentinel.ASK_AGAIN_SECONDS", 0.1)
    silent.connection_pool.new_connection()
    time.sleep(0.15)

    def connect():
        began = time.monotonic()
        silent.connection_pool.new_connection()
        return time.monotonic() - began

    said, _ = all_at_once(connect)
    assert len(asked) == 2
    assert sorted(said)[-2] < TIMEOUT
