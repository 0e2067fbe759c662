"""Shoppers who register without a pause, and don't give up when an answer fails to come."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPException

from tests.clients import LiveClient, Reply
from tests.cluster.shop import Shop
from tests.shopper import Shopper

PAUSE_SECONDS = 0.05
MOST_TRIES = 400


class Lost(Exception):
    """No answer came, or a part of one, or one that only says so; whether the request was carried out is not known."""


class Caller(LiveClient):
    """Counts the answers that did not come, by itself or through the balancer, and those that say "not now"."""

    def __init__(self, url: str):
        super().__init__(url)
        self.lost = 0
        self.unavailable = 0

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        try:
            reply = super().exchange(method, path, body, headers)
        except (OSError, HTTPException) as error:
            self.lost += 1
            raise Lost from error
        if reply.status in (502, 504):
            self.lost += 1
            raise Lost
        self.unavailable += reply.status == 503
        return reply


class Crowd:
    """So many shoppers at once, each of whom registers one account after the other until the crowd is told to go home."""

    def __init__(self, shop: Shop, shoppers: int = 6):
        self._shop = shop
        self.callers = [Caller(shop.balancer.url) for _ in range(shoppers)]
        self.registered: list[Shopper] = []
        self.burnt = 0
        self.broken: list[BaseException] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._walk, args=(caller,)) for caller in self.callers]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def lost(self) -> list[int]:
        """How many answers did not come to each shopper."""
        return [caller.lost for caller in self.callers]

    def grows(self, by: int = 6) -> Callable[[], bool]:
        """Whether so many more have registered since this was asked for."""
        goal = len(self.registered) + by
        return lambda: bool(self.broken) or len(self.registered) >= goal

    def _walk(self, caller: Caller):
        try:
            while not self._ended.is_set():
                shopper = self._shop.shopper(caller)
                ticket = None
                while ticket is None:
                    ticket = self._prove(shopper)
                self._fill_in(shopper, ticket)
                self.registered.append(shopper)
        except BaseException as error:
            self.broken.append(error)

    def _prove(self, shopper: Shopper) -> str | None:
        """A ticket, or None where the code was used by a request whose answer got lost."""
        sms_id = _settled(shopper.ask_for_code).json["sms_id"]
        code = self._read(shopper)
        before = shopper.client.lost
        verified = _settled(lambda: shopper.verify(sms_id, code))
        if verified.status == 200:
            return verified.json["ticket"]
        assert verified.code == "code_expired"
        self.burnt += shopper.client.lost == before
        return None

    def _read(self, shopper: Shopper) -> str:
        while True:
            try:
                return shopper.last_code()
            except Lost:
                time.sleep(PAUSE_SECONDS)

    def _fill_in(self, shopper: Shopper, ticket: str):
        """The form, again and again with the same ticket: made, or made already by one whose answer was lost or "perhaps"."""
        made = _settled(lambda: shopper.fill_in(ticket))
        assert made.status == 201 or made.code == "phone_registered", made.body


def _settled(call: Callable[[], Reply]) -> Reply:
    """The first answer that is neither lost nor "not now", nor about a message whose answer was lost."""
    for _ in range(MOST_TRIES):
        try:
            reply = call()
        except Lost:
            continue
        if reply.status != 503 and not (reply.status == 429 and reply.code == "sms_cooldown"):
            return reply
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("nothing came back")
