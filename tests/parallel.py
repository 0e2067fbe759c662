"""Many threads at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_parallel(n: int, function: Callable[[int], Result]) -> list[Result]:
    """Call ``function(0)`` … ``function(n - 1)`` in threads released together; the results in that order.

    What one of them raises is raised here.
    """
    barrier = threading.Barrier(n)

    def one(i: int) -> Result:
        barrier.wait(timeout=30)
        return function(i)

    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(one, range(n)))
