"""Numbers for testers: a fixed code, and nothing sent, through a last day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.clock import Clock


@dataclass(frozen=True)
class TesterNumber:
    """The code of a number, and the last day (UTC) on which it is good; None is for ever, in development."""

    code: str
    until: date | None


class TesterNumbers:
    """Looks a phone up; past its day it is a number like any other."""

    def __init__(self, numbers: Mapping[str, TesterNumber], clock: Clock) -> None:
        self._numbers = numbers
        self._clock = clock

    def find(self, phone: str) -> TesterNumber | None:
        """What is set for a phone (E.164), while it is good."""
        number = self._numbers.get(phone)
        if number is None or (number.until and self._clock().date() > number.until):
            return None
        return number

    def code_for(self, phone: str) -> str | None:
        """The fixed code of a phone (E.164), else None."""
        number = self.find(phone)
        return number.code if number else None
