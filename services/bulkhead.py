"""Room for only so many at once, so that what is slow takes part of a process and not all of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.errors import ServiceUnavailable

PATIENCE_SECONDS = 0.25
RETRY_SECONDS = 1


class Bulkhead:
    """``places`` for this process."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one for the block; raises ``ServiceUnavailable`` when none gets free soon."""
        if not self._places.acquire(timeout=PATIENCE_SECONDS):
            raise ServiceUnavailable(retry_after=RETRY_SECONDS)
        try:
            yield
        finally:
            self._places.release()
