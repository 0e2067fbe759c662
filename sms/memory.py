"""A gateway that keeps its messages in a list: for tests, which may also set what the next send becomes."""

from sms.gateway import Message, Outcome


class MemoryGateway:
    """Keeps what it was handed, newest last."""

    name = "memory"

    def __init__(self, outcome: Outcome = Outcome.SENT) -> None:
        self.outcome = outcome
        self.messages: list[Message] = []

    def send(self, message: Message) -> Outcome:
        """Keep the message unless the outcome is *not sent*."""
        if self.outcome is not Outcome.NOT_SENT:
            self.messages.append(message)
        return self.outcome
