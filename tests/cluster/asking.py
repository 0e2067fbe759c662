"""Asking again and again while a Redis changes places, and what was answered meanwhile."""

import threading
import time
from contextlib import contextmanager

from tests.cluster.shop import Shop
from tests.servers.redis import RedisServer
from tests.shopper import Shopper
from tests.waiting import wait_until


def sends_again(shop: Shop) -> bool:
    """Whether every process of every node sends messages."""
    return all(shop.shopper().ask_for_code().status == 202 for _ in range(12))


def two_sessions(shop: Shop) -> tuple[Shopper, Shopper]:
    """Of one shopper, and every process remembers both."""
    one = shop.shopper()
    one.register()
    two = one.on(one.client)
    two.login()
    assert {who.me().status for _ in range(20) for who in (one, two)} == {200}
    return one, two


@contextmanager
def cut_off(primary: RedisServer, replica: RedisServer):
    """The replica hears no more of its primary: it logs in with a password, which is refused."""
    with primary.connect() as one, replica.connect() as other:
        other.config_set("masterauth", "nobody asked for one")
        one.client_kill_filter(_type="slave")
        wait_until(lambda: one.info("replication")["connected_slaves"] == 0, "the cut")
        try:
            yield
        finally:
            other.config_set("masterauth", "")


class Watch:
    """Two sessions of one shopper, of which one is ended: asked for without a pause, by a thread for each."""

    def __init__(self, living: Shopper, ended: Shopper):
        self._asked = {"living": living, "ended": ended}
        self._said: dict[str, list[tuple[float, int]]] = {"living": [], "ended": []}
        self.slowest = 0.0
        self._over = threading.Event()

    @contextmanager
    def begun(self):
        threads = [threading.Thread(target=self._ask, args=(name,)) for name in self._asked]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def said(self, since: float) -> dict[str, set[int]]:
        """The statuses of the requests that began after ``since`` (of ``time.monotonic()``)."""
        return {name: {status for began, status in said if began > since} for name, said in self._said.items()}

    def _ask(self, name: str):
        while not self._over.is_set():
            began = time.monotonic()
            self._said[name].append((began, self._asked[name].me().status))
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.02)
