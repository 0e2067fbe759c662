"""What every way out for mails promises."""

from dataclasses import dataclass, field
from typing import Protocol


class NotTaken(Exception):
    """The mail was not taken; the text is one word for logs, without address or contents."""


@dataclass(frozen=True)
class Mail:
    """One mail. What is personal stays out of the ``repr``, which tracebacks show."""

    id: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    language: str
    kind: str
    link: str | None = field(default=None, repr=False)


class Transport(Protocol):
    """A way out for mails."""

    def send(self, mail: Mail) -> None:
        """Hand over one mail; raises ``NotTaken``."""
