"""Somebody who calls: an address, what they do when work is asked for, and who counts what they are told."""

from collections.abc import Generator
from typing import Any, Protocol

from bench.attack.front_door import Answer, FrontDoor
from bench.attack.work import Worker

Step = Generator[float, None, Answer]


class Counter(Protocol):
    """Who is told of each answer."""

    def note(self, answer: Answer) -> None:
        """One answer came."""


class Visitor:
    """Calls from ``address``. Who has no ``worker`` leaves work undone, and has the demand for an answer."""

    def __init__(self, door: FrontDoor, address: str, worker: Worker | None, counter: Counter) -> None:
        self._door = door
        self._address = address
        self._worker = worker
        self._counter = counter

    def post(self, path: str, **body: Any) -> Step:
        """One call, and once more with the work that it asks for; takes as long as the work does."""
        answer = self._call(path, body)
        if answer.asks_for_work and self._worker:
            work = self._worker.solve(answer.json["challenge"])
            yield work.seconds
            answer = self._call(path, body, work.solution)
        return answer

    def _call(self, path: str, body: dict[str, Any], solution: str = "") -> Answer:
        answer = self._door.post(self._address, path, body or None, solution)
        self._counter.note(answer)
        return answer
