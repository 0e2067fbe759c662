"""Waiting for what comes soon."""

import time
from collections.abc import Callable

LOOK_SECONDS = 0.005


def wait_until(is_so: Callable[[], object], what: str = "what was waited for", seconds: float = 10):
    """Look again and again; fail if it does not come to pass in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(LOOK_SECONDS)
