"""Whether the database is silent: then nobody waits for it but one who looks, again and again, whether it is back."""

import threading
import time

from sqlalchemy.exc import TimeoutError as PoolTimeout

SILENCES = 3
PAUSE_SECONDS = 0.5
LOOK_SECONDS = 2.5


class Silent(PoolTimeout):
    """The database has not answered lately; nobody asked it now."""


class Outages:
    """Counts the waits that ended without an answer, one after the other. An answer of any kind, an error too, ends the count.

    After ``SILENCES`` of them every ``enter`` is refused at once, but for one each ``PAUSE_SECONDS``, which looks. If that one
    never tells how it went, the next looks after ``LOOK_SECONDS``.
    """

    def __init__(self) -> None:
        self._silences = 0
        self._next_look = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the database is left alone."""
        return self._silences >= SILENCES

    def enter(self) -> None:
        """Before the database is asked; raises ``Silent``."""
        if self.is_open and not self._is_next():
            raise Silent("The database does not answer.")

    def answered(self) -> None:
        """It answered what it was asked."""
        self._silences = 0

    def was_silent(self) -> None:
        """It did not, in all the time that it was given."""
        with self._lock:
            self._silences += 1
            self._next_look = time.monotonic() + PAUSE_SECONDS

    def _is_next(self) -> bool:
        with self._lock:
            if time.monotonic() < self._next_look:
                return False
            self._next_look = time.monotonic() + LOOK_SECONDS
            return True
