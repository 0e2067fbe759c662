"""How long the work at hand may still wait for the database: a deadline that goes with the thread."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# What a wait has in any case: work whose time went elsewhere, to a hash or to an SMS gateway, must not fail for that.
LEAST_SECONDS = 0.5
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All waits of the block end within ``seconds``, or with the deadline that there is already if that comes first."""
    ends, outer = time.monotonic() + seconds, _deadline.get()
    token = _deadline.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def time_left(most: float) -> float:
    """How many seconds one wait may take: ``most``, or less near a deadline."""
    ends = _deadline.get()
    if ends is None:
        return most
    return min(most, max(LEAST_SECONDS, ends - time.monotonic()))


def has_deadline() -> bool:
    """Whether somebody waits for the work at hand."""
    return _deadline.get() is not None
