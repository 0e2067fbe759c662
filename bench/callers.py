"""Who asks for codes: callers in a process of their own, each with a connection and one request at a time."""

import json
import random
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

from api.embedded_redis import end_with_parent

SECONDS_LIMIT = 20
# The callers don't begin all at once: they would go on in step, and come in bursts.
BEGIN_SECONDS = 0.2


@dataclass(frozen=True)
class Answer:
    """One answer: when it came, by the machine's monotonic clock, after how many seconds, and what it said."""

    at: float
    seconds: float
    status: int
    code: str


@dataclass(frozen=True)
class Habit:
    """How many callers, and how many seconds each rests after a message that was sent, and after one that was not."""

    callers: int
    sent: float
    refused: float

    def rest_after(self, answer: Answer) -> float:
        """Seconds."""
        return self.sent if answer.status == 202 else self.refused


class Callers:
    """The process; ``with Callers(url) as callers`` ends it."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._process = ProcessPoolExecutor(1, get_context("spawn"), initializer=end_with_parent)
        self._process.submit(int).result()

    def __enter__(self) -> "Callers":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.shutdown()

    def start(self, orders: Path, habit: Habit, seconds: float) -> "Future[list[Answer]]":
        """Post these orders, a line each, for so long; requests under way then are finished."""
        return self._process.submit(_call_all, self._address, orders, habit, seconds)


def _call_all(address: str, path: Path, habit: Habit, seconds: float) -> list[Answer]:
    end = time.monotonic() + seconds
    orders: SimpleQueue[bytes] = SimpleQueue()
    for line in path.read_bytes().splitlines():
        orders.put(line)
    with ThreadPoolExecutor(max(1, habit.callers)) as threads:
        found = threads.map(lambda _: _call_until(end, address, orders, habit), range(habit.callers))
        return [answer for answers in found for answer in answers]


def _call_until(end: float, address: str, orders: "SimpleQueue[bytes]", habit: Habit) -> list[Answer]:
    """One caller. Refused, it comes back on another connection, and so perhaps to another worker of the server."""
    connection, answers = HTTPConnection(address, timeout=SECONDS_LIMIT), []
    time.sleep(random.uniform(0, BEGIN_SECONDS))
    while time.monotonic() < end:
        answers.append(_post(connection, orders.get_nowait()))
        if answers[-1].status != 202:
            connection.close()
        time.sleep(max(0, min(habit.rest_after(answers[-1]), end - time.monotonic())))
    connection.close()
    return answers


def _post(connection: HTTPConnection, order: bytes) -> Answer:
    start = time.monotonic()
    connection.request("POST", "/v1/sms", order, {"Content-Type": "application/json"})
    response = connection.getresponse()
    body, now = response.read(), time.monotonic()
    return Answer(now, now - start, response.status, json.loads(body).get("code", ""))
