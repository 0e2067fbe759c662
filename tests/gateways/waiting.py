"""Waiting for what comes soon."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 10):
    """Wait until ``condition`` holds; fail if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
