"""What became of the sends of some seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.callers import Answer


@dataclass(frozen=True)
class Sends:
    """The answers that came within ``seconds``."""

    seconds: float
    answers: Sequence[Answer]

    @property
    def sent(self) -> list[Answer]:
        """Those that the gateway took, or may have taken."""
        return [answer for answer in self.answers if answer.status == 202]

    @property
    def refused(self) -> list[Answer]:
        """Those that found no place, or no gateway."""
        return [answer for answer in self.answers if (answer.status, answer.code) == (503, "sms_unavailable")]

    def __add__(self, other: "Sends") -> "Sends":
        """Both, one after the other."""
        return Sends(self.seconds + other.seconds, [*self.answers, *other.answers])

    @property
    def strange(self) -> int:
        """How many are neither, and should not be."""
        return len(self.answers) - len(self.sent) - len(self.refused)

    @property
    def rate(self) -> float:
        """Messages per second."""
        return len(self.sent) / self.seconds


def times(answers: Sequence[Answer]) -> tuple[float, float]:
    """The p50 and the p99, in seconds, of one answer or more."""
    ordered = sorted(answer.seconds for answer in answers)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
