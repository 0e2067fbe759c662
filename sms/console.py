"""The development gateway: messages go to an inbox that the developer reads, and to the log without the code."""

from collections.abc import Callable
from typing import Protocol

from sms.gateway import Delivery, Message, Outcome


class Inbox(Protocol):
    """Where the messages can be read."""

    def add(self, message: Message) -> None:
        """Keep one message."""


class ConsoleGateway:
    """Delivers to an inbox; never in production."""

    name = "console"

    def __init__(self, inbox: Inbox, log: Callable[..., object], mask: Callable[[str], str]) -> None:
        self._inbox = inbox
        self._log = log
        self._mask = mask

    def send(self, message: Message) -> Delivery:
        """Put the message into the inbox, and one line without its digits and its link into the log."""
        self._inbox.add(message)
        text = message.text
        for secret in filter(None, (message.code, message.link)):
            text = text.replace(secret, "*" * 6)
        self._log("sms_console", to=self._mask(message.to), purpose=message.purpose, text=text)
        return Delivery(Outcome.SENT)
