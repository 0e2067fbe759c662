"""Proof of work: done for real, at a difficulty that is made small; what it would have cost is added up."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """A solution as the header carries it, and how long a phone works at it."""

    solution: str
    seconds: float


class Worker:
    """Solves challenges, and adds up the seconds of a phone that it took."""

    def __init__(self) -> None:
        self.solved = 0
        self.seconds = 0.0

    def solve(self, challenge: dict[str, Any]) -> Work:
        """The answer to a challenge."""
        raise NotImplementedError(challenge)
