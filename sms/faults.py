"""What became of a message when the exchange with a gateway broke.

*Not sent* is said only where the request cannot have been written: everything later is *unknown*.
"""

import traceback
from collections.abc import Iterator

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from sms.gateway import Delivery, Outcome, Reason

_NO_CONNECTION = (NewConnectionError, ConnectTimeoutError, ProxyError)
GARBLED = Delivery(Outcome.UNKNOWN, fault="garbled")


def broken_exchange(error: BaseException | None) -> Delivery:
    """The delivery of a message whose request ended in ``error``, the HTTP client's own exception."""
    for link in _links(error) if error else ():
        if isinstance(link, _NO_CONNECTION) or _broke_in_handshake(link):
            return Delivery(Outcome.NOT_SENT, Reason.UNREACHABLE, fault=type(link).__name__)
    return Delivery(Outcome.UNKNOWN, fault=type(error).__name__)


def _links(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that it wraps; not those that merely happened before it."""
    yield error
    wrapped = [*error.args, getattr(error, "reason", None), error.__cause__]
    for link in {id(link): link for link in wrapped if isinstance(link, BaseException)}.values():
        yield from _links(link)


def _broke_in_handshake(error: BaseException) -> bool:
    """Whether TLS never came to stand: then no byte of the request has left."""
    return any(frame.f_code.co_name == "do_handshake" for frame, _ in traceback.walk_tb(error.__traceback__))
