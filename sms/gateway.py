"""What every gateway promises: one method wide."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    """What became of a message. ``UNKNOWN`` is answered as sent: it may arrive, so nothing is sent twice."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Message:
    """A text for one phone. ``to`` is E.164, ``language`` is ``zh-CN`` or ``en``, ``expires_in`` is in seconds."""

    id: str
    to: str
    purpose: str
    code: str
    text: str
    language: str
    expires_in: int


class Gateway(Protocol):
    """A way out for texts."""

    name: str

    def send(self, message: Message) -> Outcome:
        """Hand over one message. Never raises for a failure of the vendor: that is an outcome."""
