"""A stop that is asked for: what runs is finished, nobody new is let in, and nothing that was acknowledged is lost."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from tests.clients import Reply
from tests.faults.load import Load
from tests.races.crowd import KeptClient, one_for_each_worker
from tests.scrape import Scrape
from tests.servers.live import LiveServer
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database

SLOW_HASH = {"ARGON2_MEMORY_KIB": 65536, "ARGON2_ITERATIONS": 12}


def closed_by_server(client: KeptClient) -> bool:
    client._connection.sock.settimeout(5)
    return client._connection.sock.recv(1) == b""


def is_hashing(client: KeptClient) -> bool:
    return Scrape(client).value("password_hashes_in_progress") >= 1


def farewell_of(client: KeptClient) -> Reply:
    """What readiness says of a worker that has heard of the end."""
    replies: list[Reply] = []

    def is_stopping() -> bool:
        replies.append(client.get("/readyz"))
        return replies[-1].json["checks"].get("server") == "stopping"

    wait_until(is_stopping, "a worker's farewell")
    return replies[-1]


@pytest.mark.settings(**SLOW_HASH)
def test_what_runs_is_finished_and_idle_connections_are_closed(live, live_shopper):
    """R55, F27: a slow login gets its reply, with a farewell; readiness says no; a second signal changes nothing; exit 0."""
    live_shopper.register()
    idle = KeptClient(live.url)
    assert idle.get("/healthz").status == 200
    server = psutil.Process(live.pid)
    told = []
    slow = threading.Thread(target=lambda: told.append(live_shopper.on(KeptClient(live.url)).try_login()))
    with one_for_each_worker(live) as asking, ThreadPoolExecutor(1) as beside:
        slow.start()
        wait_until(lambda: told or any(is_hashing(client) for client in asking), "the login")
        started = time.monotonic()
        server.terminate()
        for client in asking:
            reply = farewell_of(client)
            assert reply.status == 503
            assert reply.headers["Connection"] == "close"
        newcomer = beside.submit(lambda: KeptClient(live.url))
        for again in (signal.SIGTERM, signal.SIGINT):
            os.kill(server.pid, again)
        assert closed_by_server(idle)
        slow.join()
        assert told[0].status == 200
        assert live.wait(12) == 0, live.log
        assert time.monotonic() - started < 10
        with pytest.raises(ConnectionRefusedError):
            newcomer.result()


def test_signals_without_end_change_nothing(live):
    """R55, F27: also those that come when all is done but the end itself."""
    server = psutil.Process(live.pid)
    ended: list[int] = []
    waiting = threading.Thread(target=lambda: ended.append(live.wait(12)))
    waiting.start()
    while waiting.is_alive():
        with suppress(psutil.NoSuchProcess):
            server.terminate()
        time.sleep(0.01)
    assert ended == [0]


@pytest.fixture
def other_live(live, database_url, redis_url):
    """A second node of the same shop."""
    server = LiveServer(database_url, redis_url)
    server.start(WORKERS=1)
    yield server
    server.remove()


def test_two_nodes_stop_one_after_the_other_under_load(live, other_live, live_shopper):
    """R55, F27: no request fails, of whatever kind; at most a connection is refused."""
    shoppers = [live_shopper.another() for _ in range(4)]
    for shopper in shoppers:
        shopper.register()
    with Load(shoppers, live, other_live, newcomers=2) as load:
        time.sleep(0.5)
        for turn, node in enumerate((live, other_live), start=1):
            node.stop()
            wait_until(lambda turn=turn: all(balancer.refused >= turn for balancer in load.balancers))
            node.start()
            time.sleep(0.2)
    assert load.broken == []
    assert set(load.statuses) == {200}
    assert len(load.statuses) > 200
    assert len(load.joined) > 10
