"""Connections are few: who waits for one, and for how long."""

import threading

from sqlalchemy.exc import TimeoutError as PoolTimeout


class Places:
    """Hands out ``number`` places. Where somebody waited ``patience`` seconds for none, nobody waits until one is given back.

    So a database that is slow fills the connections, and not also every thread that needs none.
    """

    def __init__(self, number: int, patience: float) -> None:
        self._changed = threading.Condition()
        self._free = number
        self._patience = patience
        self._waiting = 0
        self._is_stuck = False

    def take(self, seconds: float) -> None:
        """Take a place, within ``seconds`` and after those who came before; raises ``PoolTimeout``."""
        with self._changed:
            if self._waiting or not self._free:
                self._wait(seconds)
            self._free -= 1

    def give_back(self) -> None:
        """Somebody else may have it."""
        with self._changed:
            self._is_stuck = False
            self._free += 1
            self._changed.notify()

    def _wait(self, seconds: float) -> None:
        self._waiting += 1
        try:
            if self._is_stuck or not self._changed.wait_for(lambda: self._free, seconds):
                self._is_stuck |= seconds >= self._patience
                raise PoolTimeout("All connections to the database are taken.")
        finally:
            self._waiting -= 1
