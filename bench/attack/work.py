"""Proof of work: solved for real, but with one cheap try in place of hundreds; what those would have cost is added up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from altcha import Challenge, Payload, solve_challenge

from services import proof_of_work
from services.proof_of_work import HARDEST, TRIES

# What two slow cores of a phone need at most for the hardest level; half of it on average.
PHONE_SECONDS = 2.0
REAL_TRIES = dict(TRIES)
SECONDS_PER_TRY = PHONE_SECONDS / REAL_TRIES[HARDEST]


@dataclass(frozen=True)
class Work:
    """A solution as the header carries it, and for how many seconds a phone works at it."""

    solution: str
    seconds: float


class Worker:
    """Solves challenges, and adds up how many, and the seconds of a phone."""

    def __init__(self) -> None:
        self.solved = 0
        self.seconds = 0.0

    def solve(self, challenge: dict[str, Any]) -> Work:
        """The answer to a challenge."""
        asked = Challenge.from_dict(challenge)
        found = solve_challenge(asked)
        if found is None:
            raise ValueError("a challenge without a solution")
        work = Work(Payload(asked, found).to_base64(), _seconds(asked))
        self.solved += 1
        self.seconds += work.seconds
        return work


@contextmanager
def one_cheap_try() -> Iterator[None]:
    """Inside, every challenge is solved at the first try, and in no time."""
    with patch.dict(TRIES, dict.fromkeys(TRIES, 1)), patch.object(proof_of_work, "ROUNDS", 1):
        yield


def _seconds(challenge: Challenge) -> float:
    return REAL_TRIES[(challenge.parameters.data or {})["level"]] / 2 * SECONDS_PER_TRY
