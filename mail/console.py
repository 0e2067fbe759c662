"""The development transport: mails go to the inbox that the developer reads."""

from typing import Protocol

from mail.transport import Mail


class Inbox(Protocol):
    """Where the mails can be read."""

    def add_mail(self, mail: Mail) -> None:
        """Keep one mail."""


class ConsoleTransport:
    """Delivers to an inbox; never in production."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def send(self, mail: Mail) -> None:
        """Put the mail into the inbox."""
        self._inbox.add_mail(mail)
