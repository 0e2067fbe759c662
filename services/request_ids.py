"""The name of the request that is being served: for the log, and for what leaves later on its behalf."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """As the reply's ``X-Request-ID`` has it; empty where no request asked for what is done."""
    return _CURRENT.get()


@contextmanager
def on_behalf_of(request_id: str | None) -> Iterator[None]:
    """Do what the block does in the name of that request."""
    token = _CURRENT.set(request_id or "")
    try:
        yield
    finally:
        _CURRENT.reset(token)
