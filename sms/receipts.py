"""What became of a message, asked of its vendor after it was sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

CHINA = timezone(timedelta(hours=8))
FORMAT = "%Y-%m-%d %H:%M:%S"
LONGEST_ID = 64
LONGEST_CODE = 96


@dataclass(frozen=True)
class Receipt:
    """What a vendor reports of one message; ``at`` is None where the vendor's time can't be read."""

    message_id: str
    delivered: bool
    code: str | None
    at: datetime | None


@dataclass(frozen=True)
class Report:
    """A vendor's answer. ``fault`` says in one word why there is none; ``more`` that further receipts wait.

    A fault ``of_message`` says nothing of other messages, unlike one of the account or of the way there.
    """

    receipts: tuple[Receipt, ...] = ()
    fault: str | None = None
    more: bool = False
    of_message: bool = False


class ReceiptQueue(Protocol):
    """A vendor that keeps receipts in a queue, and hands out each of them once."""

    name: str

    def pull(self) -> Report:
        """The next of those that wait. Never raises for a failure of the vendor: that is a fault."""


class ReceiptQuery(Protocol):
    """A vendor that is asked for each message."""

    name: str

    def ask(self, phone: str, message_id: str, sent_at: datetime) -> Report:
        """The receipt of a message to ``phone`` (E.164), or none yet. Never raises for a failure of the vendor."""


def is_message_id(value: object) -> bool:
    """Whether it can be the name of one of our messages."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def code_of(value: object) -> str | None:
    """A vendor's word for how it went, as long as we keep one."""
    return "".join(filter(str.isprintable, value))[:LONGEST_CODE] if isinstance(value, str) else None


def time_in_china(text: object) -> datetime | None:
    """A time as it is written in China, in UTC."""
    try:
        return datetime.strptime(str(text), FORMAT).replace(tzinfo=CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def unix_time(seconds: object) -> datetime | None:
    """A Unix time in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if type(seconds) is int and seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
