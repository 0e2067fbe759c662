"""A stop that is asked for: what runs is finished, nobody new is let in, and nothing that was acknowledged is lost."""

import http.client
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.races.crowd import KeptClient
from tests.servers.live import LiveServer

SLOW_HASH = {"ARGON2_MEMORY_KIB": 65536, "ARGON2_ITERATIONS": 12}


def closed_by_server(client: KeptClient) -> bool:
    client._connection.sock.settimeout(5)
    return client._connection.sock.recv(1) == b""


def test_what_runs_is_finished_and_idle_connections_are_closed(live, live_shopper):
    """R55: a slow login gets its reply, with a farewell; readiness says no; a second signal changes nothing; exit 0."""
    live.restart(**SLOW_HASH)
    live_shopper.register()
    idle, asking = KeptClient(live.url), KeptClient(live.url)
    assert idle.get("/healthz").status == asking.get("/healthz").status == 200
    server = psutil.Process(live.pid)
    told = []
    slow = threading.Thread(target=lambda: told.append(live_shopper.on(KeptClient(live.url)).try_login()))
    slow.start()
    time.sleep(0.15)
    started = time.monotonic()
    server.terminate()
    time.sleep(0.1)
    with ThreadPoolExecutor(1) as beside:
        newcomer = beside.submit(lambda: KeptClient(live.url))
        time.sleep(0.1)
        reply = asking.get("/readyz")
        assert (reply.status, reply.json["checks"]["server"]) == (503, "stopping")
        assert reply.headers["Connection"] == "close"
        for again in (signal.SIGTERM, signal.SIGINT):
            os.kill(server.pid, again)
        assert closed_by_server(idle)
        slow.join()
        assert told[0].status == 200
        assert server.wait(timeout=12) == 0
        assert time.monotonic() - started < 10
        with pytest.raises(ConnectionRefusedError):
            newcomer.result()


class Balancer:
    """One client of two servers, as a load balancer is one: keeps its connections, and goes on where it is let in.

    Only a connection that is refused is made elsewhere. A request that was sent is never sent again.
    """

    def __init__(self, *servers):
        self._addresses = [server.url.removeprefix("http://") for server in servers]
        self._connection: http.client.HTTPConnection | None = None
        self.refused = 0

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connected()
        connection.request(method, path, body, {"Content-Type": "application/json"} | headers if body else headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _connected(self) -> http.client.HTTPConnection:
        while self._connection is None or self._connection.sock is None:
            self._connection = http.client.HTTPConnection(self._addresses[0], timeout=10)
            try:
                self._connection.connect()
            except ConnectionRefusedError:
                self.refused += 1
                self._addresses.append(self._addresses.pop(0))
        return self._connection


class Load:
    """Shoppers who look and refresh without a pause, each through a balancer of its own."""

    def __init__(self, shoppers, *servers):
        self.statuses: list[int] = []
        self.broken: list[BaseException] = []
        self.balancers = [Balancer(*servers) for _ in shoppers]
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._walk, args=pair) for pair in zip(shoppers, self.balancers, strict=True)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _walk(self, shopper, balancer):
        pair = {"access_token": shopper.access_token, "refresh_token": shopper.refresh_token}
        try:
            while not self._ended.is_set():
                for _ in range(10):
                    me, _ = balancer.send("GET", "/v1/me", None, {"Authorization": f"Bearer {pair['access_token']}"})
                    self.statuses.append(me)
                    time.sleep(0.01)
                status, body = balancer.send(
                    "POST", "/v1/token/refresh", json.dumps({"refresh_token": pair["refresh_token"]}), {}
                )
                self.statuses.append(status)
                pair = json.loads(body)
        except Exception as error:
            self.broken.append(error)


@pytest.fixture
def other_live(live, database_url, redis_url):
    """A second node of the same shop."""
    server = LiveServer(database_url, redis_url)
    server.start(WORKERS=1)
    yield server
    server.remove()


def test_two_nodes_stop_one_after_the_other_under_load(live, other_live, live_shopper):
    """R55: no request fails; at most a connection is refused."""
    shoppers = [live_shopper.another() for _ in range(4)]
    for shopper in shoppers:
        shopper.register()
    with Load(shoppers, live, other_live) as load:
        time.sleep(0.5)
        live.restart()
        other_live.stop()
        time.sleep(0.5)
    assert load.broken == []
    assert set(load.statuses) == {200}
    assert all(balancer.refused for balancer in load.balancers)
    assert len(load.statuses) > 200
