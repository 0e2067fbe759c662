"""The carrier: takes every message, and shows it on the phone it is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.attack.simulation import Clock
from sms.gateway import Delivery, Message, Outcome


@dataclass(frozen=True)
class Arrived:
    """A message on a phone: when (Unix seconds), and its code, empty in a notice."""

    at: float
    code: str


class Carrier:
    """A gateway that is none of ours, so that budgets apply as to any vendor."""

    name = "carrier"

    def __init__(self) -> None:
        self.clock: Clock
        self._phones: dict[str, list[Arrived]] = {}

    def send(self, message: Message) -> Delivery:
        """Deliver at once."""
        self._phones.setdefault(message.to, []).append(Arrived(self.clock.now, message.code))
        return Delivery(Outcome.SENT)

    def code_on(self, phone: str) -> str:
        """The digits of the newest code."""
        return next(message.code for message in reversed(self._phones[phone]) if message.code)

    def codes_on(self, phones: set[str]) -> Iterator[float]:
        """When codes came to these phones, in Unix seconds."""
        for phone in phones & self._phones.keys():
            yield from (message.at for message in self._phones[phone] if message.code)
