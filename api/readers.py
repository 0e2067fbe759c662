"""Who reads a body now: slow clients are many, and the threads that wait for them are not to be theirs alone."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.errors import RateLimited, ServiceUnavailable

READERS = 240


class Readers:
    """Hands out ``READERS`` places, by network: nobody gets more than are left free.

    So one network has half of them at most, ten have a tenth each, and one that has none finds one until they are as many as places.
    """

    def __init__(self) -> None:
        self._free = READERS
        self._by_network: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, network: str) -> Iterator[str | None]:
        """A place for the block; or instead the code of what to say, where there is none."""
        refused = self._take(network)
        try:
            yield refused
        finally:
            if refused is None:
                self._give_back(network)

    def _take(self, network: str) -> str | None:
        with self._lock:
            taken = self._by_network[network]
            if taken < self._free:
                self._by_network[network] += 1
                self._free -= 1
                return None
        return RateLimited.code if taken else ServiceUnavailable.code

    def _give_back(self, network: str) -> None:
        with self._lock:
            self._free += 1
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]
