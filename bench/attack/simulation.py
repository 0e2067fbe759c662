"""Time that passes as fast as it can: people act when their time has come, one after the other."""

import heapq
import itertools
from collections.abc import Generator
from typing import Any, Protocol

# What an actor does: it yields the seconds until it goes on.
Actor = Generator[float, None, Any]


class Clock(Protocol):
    """What is turned; times are Unix seconds."""

    now: float

    def turn_to(self, now: float) -> None:
        """Let it be ``now``."""


class Simulation:
    """Actors, each with the time at which it acts next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, int, Actor]] = []
        self._order = itertools.count()

    def add(self, at: float, actor: Actor) -> None:
        """Let ``actor`` begin ``at`` a Unix time."""
        heapq.heappush(self._waiting, (at, next(self._order), actor))

    def run(self, until: float) -> None:
        """Let everybody act until a Unix time; who is not done by then goes on with the next call."""
        while self._waiting and self._waiting[0][0] <= until:
            at, _, actor = heapq.heappop(self._waiting)
            self._clock.turn_to(at)
            pause = next(actor, None)
            if pause is not None:
                self.add(at + pause, actor)
        self._clock.turn_to(until)
