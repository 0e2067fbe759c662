"""What every way out for mails promises."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Cause(Enum):
    """Why a mail was not taken."""

    RECIPIENT = "recipient"  # refused for good, for its address
    REFUSED = "refused"  # the server said no to this mail, for now or in words that we don't weigh
    UNREACHABLE = "unreachable"  # no connection, or one that broke
    TIMEOUT = "timeout"
    TLS = "tls"  # no encryption that can be trusted
    AUTH = "auth"  # our name and password are not accepted
    UNSET = "unset"  # there is no mail server


class NotTaken(Exception):
    """The mail was not taken; the text is one word for logs, without address or contents."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


@dataclass(frozen=True)
class Mail:
    """One mail; ``request_id`` names the request that it tells of. What is personal stays out of the ``repr``."""

    id: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    language: str
    kind: str
    link: str | None = field(default=None, repr=False)
    request_id: str = ""


class Transport(Protocol):
    """A way out for mails."""

    def send(self, mail: Mail) -> None:
        """Hand over one mail; raises ``NotTaken``."""
