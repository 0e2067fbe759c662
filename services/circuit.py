"""Leaving alone what does not answer, so that a dead part costs a moment and not every request its time limit."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FAILURES = 3
OPEN_SECONDS = 1.0


class CircuitOpen(Exception):
    """The part failed a moment ago; it was not asked."""


class _Insistence(threading.local):
    is_on = False


_insistence = _Insistence()


@contextmanager
def insisting() -> Iterator[None]:
    """In the block every circuit lets the calling thread in; so it may wait in vain, for a part that hangs."""
    _insistence.is_on = True
    try:
        yield
    finally:
        _insistence.is_on = False


class Circuit:
    """Counts the failures in a row of one part, for one process; ``now`` is in seconds.

    A failure that cost time, as of a part that hangs, opens the circuit at once; those that came quickly do when there are
    ``FAILURES`` of them. It stays open for ``OPEN_SECONDS``. Then one call at a time finds out whether the part is back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the part is left alone."""
        return self._opened_at is not None

    def enter(self) -> None:
        """Before a call; raises ``CircuitOpen``. Whoever was let in must ``leave``."""
        if self._opened_at is not None and not _insistence.is_on:
            self._take_probe()

    def leave(self, failed: bool, slow: bool = False) -> None:
        """After the call."""
        if not failed:
            if self._failures or self._opened_at is not None:
                self._close()
            return
        with self._lock:
            self._failures += FAILURES if slow else 1
            if self._failures >= FAILURES:
                self._opened_at = self._now()

    def _take_probe(self) -> None:
        """Be the one that finds out; the next may when this one had ``OPEN_SECONDS`` for it."""
        with self._lock:
            now = self._now()
            if self._opened_at is not None and now - self._opened_at < OPEN_SECONDS:
                raise CircuitOpen
            self._opened_at = now

    def _close(self) -> None:
        with self._lock:
            self._failures = 0
            self._opened_at = None
