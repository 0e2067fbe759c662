"""Asking Sentinels: one asks for all, however long that takes."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from api.redis_provider import RedisProvider
from tests.waiting import wait_until

TIMEOUT, THREADS = 0.25, 8


@pytest.fixture
def sentinel():
    """One that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def silent(sentinel, monkeypatch):
    """A Redis that it would name; nobody asks again within the test but where that is made so."""
    monkeypatch.setattr("api.redis_sentinel.ASK_AGAIN_SECONDS", 60)
    return RedisProvider.from_url(f"redis+sentinel://127.0.0.1:{sentinel.getsockname()[1]}/mymaster", TIMEOUT)


def all_at_once(call):
    """Call from each of several threads; raises what one of them raised."""
    with ThreadPoolExecutor(THREADS) as threads:
        for one in [threads.submit(call) for _ in range(THREADS)]:
            one.result()


def questions_to(sentinel):
    """How many connections have been made to it."""
    taken = 0
    with suppress(BlockingIOError):
        while True:
            sentinel.accept()[0].close()
            taken += 1
    return taken


def test_who_waited_for_an_answer_does_not_ask_again(sentinel, silent):
    def fails():
        with pytest.raises(RedisError):
            silent.ping()

    all_at_once(fails)
    assert questions_to(sentinel) == 1


def test_one_asks_while_the_others_go_on(silent, monkeypatch):
    asked, went_on = [], []

    def discover(_, service):
        asked.append(service)
        if len(asked) > 1:
            wait_until(lambda: len(went_on) == THREADS - 1, "the others")
        return "127.0.0.1", 1

    def connect():
        silent.connection_pool.new_connection()
        went_on.append(1)

    monkeypatch.setattr(Sentinel, "discover_master", discover)
    silent.connection_pool.new_connection()
    silent.connection_pool._ask_at = time.monotonic()
    all_at_once(connect)
    assert len(asked) == 2
