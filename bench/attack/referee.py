"""Who counts: what each shopper felt, and what attackers got."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.attack.front_door import Answer
from bench.attack.simulation import Clock

SENT, VERDICTS = 202, (200, 401, 422)


@dataclass
class Experience:
    """What one honest shopper felt since ``began``. ``refusals`` are the codes of what nobody should have been told."""

    began: float
    asked_for_work: bool = False
    refusals: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """One answer came."""
        self.asked_for_work |= answer.asks_for_work
        if answer.is_refusal:
            self.refusals.append(answer.code)
        if answer.is_strange:
            self.strange.append(f"{answer.status} {answer.code}")


class Loot:
    """What attackers got: when they tried, when a message was sent for them, and when a guess was called right or wrong."""

    def __init__(self, clock: Clock) -> None:
        self.tries: list[float] = []
        self.messages: list[float] = []
        self.verdicts: list[float] = []
        self.answers: Counter[str] = Counter()
        self.strange: list[str] = []
        self._clock = clock

    def tried(self) -> None:
        """One more try, however many calls it takes."""
        self.tries.append(self._clock.now)

    def note(self, answer: Answer) -> None:
        """One answer came."""
        self.answers[answer.code or str(answer.status)] += 1
        if answer.status == SENT:
            self.messages.append(self._clock.now)
        if answer.status in VERDICTS:
            self.verdicts.append(self._clock.now)
        if answer.is_strange:
            self.strange.append(f"{answer.status} {answer.code}")


@dataclass(frozen=True)
class Hindered:
    """Honest shoppers: how many there were, and how many of them were refused, or asked for work."""

    shoppers: int
    refused: int
    asked: int
    codes: Counter[str]

    @classmethod
    def of(cls, experiences: Iterable[Experience]) -> "Hindered":
        """What they felt, all together."""
        met = list(experiences)
        return cls(
            len(met),
            sum(bool(experience.refusals) for experience in met),
            sum(experience.asked_for_work for experience in met),
            Counter(code for experience in met for code in experience.refusals),
        )


def most_within(times: Iterable[float], seconds: float) -> int:
    """The most events in any ``seconds`` on end, the end not counted."""
    ordered = sorted(times)
    first = most = 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
