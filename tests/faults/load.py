"""Shoppers who call without a pause while servers come and go."""

import http.client
import json
import threading
import time


class Balancer:
    """One client of two servers, as a load balancer is one: keeps its connections, and goes on where it is let in.

    Only a connection that is refused is made elsewhere. A request that was sent is never sent again.
    """

    def __init__(self, *servers):
        self._addresses = [server.url.removeprefix("http://") for server in servers]
        self._connection: http.client.HTTPConnection | None = None
        self.refused = 0
        self.slowest = 0.0

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connected()
        started = time.monotonic()
        connection.request(method, path, body, {"Content-Type": "application/json"} | headers if body else headers)
        answer = connection.getresponse()
        body_read = answer.read()
        self.slowest = max(self.slowest, time.monotonic() - started)
        return answer.status, body_read

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
