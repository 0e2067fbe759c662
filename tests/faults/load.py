"""Shoppers who call without a pause while servers come and go."""

import http.client
import json
import threading
import time
from functools import partial

from werkzeug.datastructures import Headers

from tests.clients import Client, Reply
from tests.shopper import Shopper


class Balancer(Client):
    """One client of two servers, as a load balancer is one: keeps its connections, and goes on where it is let in.

    Only a connection that is refused is made elsewhere. A request that was sent is never sent again.
    """

    def __init__(self, *servers):
        self._addresses = [server.url.removeprefix("http://") for server in servers]
        self._connection: http.client.HTTPConnection | None = None
        self.refused = 0
        self.slowest = 0.0

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = self._connected()
        started = time.monotonic()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        reply = Reply(answer.status, Headers(answer.getheaders()), answer.read())
        self.slowest = max(self.slowest, time.monotonic() - started)
        return reply

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
    """Shoppers who look and refresh without a pause, each through a balancer of its own; and ``newcomers``, places at which one
    after the other asks for a code, types it, registers and logs in.
    """

    def __init__(self, shoppers, *servers, newcomers: int = 0):
        self.statuses: list[int] = []
        self.joined: list[Shopper] = []
        self.broken: list[BaseException] = []
        self.balancers = [Balancer(*servers) for _ in range(len(shoppers) + newcomers)]
        self._ended = threading.Event()
        walks = [*(partial(self._look, shopper) for shopper in shoppers), *[self._join] * newcomers]
        self._threads = [
            threading.Thread(target=self._walk, args=pair) for pair in zip(walks, self.balancers, strict=True)
        ]

    @property
    def slowest(self) -> float:
        """How many seconds the slowest reply took."""
        return max(balancer.slowest for balancer in self.balancers)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _walk(self, walk, balancer):
        try:
            walk(balancer)
        except BaseException as error:
            self.broken.append(error)

    def _look(self, shopper, balancer):
        pair = {"access_token": shopper.access_token, "refresh_token": shopper.refresh_token}
        while not self._ended.is_set():
            for _ in range(10):
                headers = {"Authorization": f"Bearer {pair['access_token']}"}
                self.statuses.append(balancer.exchange("GET", "/v1/me", None, headers).status)
                time.sleep(0.01)
            body = json.dumps({"refresh_token": pair["refresh_token"]}).encode()
            refreshed = balancer.exchange("POST", "/v1/token/refresh", body, {"Content-Type": "application/json"})
            self.statuses.append(refreshed.status)
            pair = refreshed.json

    def _join(self, balancer):
        def read_inbox():
            messages = balancer.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
            return [(message["to"], message["code"]) for message in messages if message["code"]]

        while not self._ended.is_set():
            newcomer = Shopper(balancer, read_inbox)
            newcomer.register()
            newcomer.login()
            self.joined.append(newcomer)
