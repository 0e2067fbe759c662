"""Places that can be counted while they are taken."""

import threading


class Room(threading.Semaphore):
    """A semaphore that knows how many of its ``places`` are taken."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self._all = places

    @property
    def taken(self) -> int:
        """How many are taken at this moment."""
        return self._all - self._value
