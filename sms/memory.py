"""A gateway that keeps its messages in a list: for tests, which may also set what the next send becomes."""

from sms.gateway import Delivery, Message, Outcome, Reason


class MemoryGateway:
    """Keeps what it was handed, newest last. ``reason`` is told of what is *not sent*."""

    name = "memory"

    def __init__(self, outcome: Outcome = Outcome.SENT, reason: Reason = Reason.UNREACHABLE) -> None:
        self.outcome = outcome
        self.reason = reason
        self.messages: list[Message] = []

    def send(self, message: Message) -> Delivery:
        """Keep the message unless the outcome is *not sent*."""
        if self.outcome is Outcome.NOT_SENT:
            return Delivery(Outcome.NOT_SENT, self.reason)
        self.messages.append(message)
        return Delivery(self.outcome)
