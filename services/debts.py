"""Debts: what was asked for and not made good. They say from whom work is asked for, and how much."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from services.clock import Clock
from services.proof_of_work import Solution
from services.scripts import RedisClient, load_script

MINUTE = 60
# A code takes a moment to be typed, so the newest messages don't tell yet.
NOT_JUDGED_MINUTES, JUDGED_MINUTES = 2, 10
LEAST_BAD = 30
# Under alarm less than this part of the usual share is made good.
ALARM_SHARE = 1 / 2
COUNTED, MADE_GOOD = 2, 3
# What marks one in a note.
STRICT = "!"


@dataclass(frozen=True)
class Debtor:
    """Somebody, by a pseudonym, how much may be owed before work is asked for, in calm and under alarm, and for how many hours.

    One that does not count is weighed only; one that is forgiven owes nothing more after a success; one that ``takes_work``
    does not owe what more work was done for than is asked of everybody. A code that is typed pays for all that was asked for
    its phone; to one that is ``strict`` only for what the same address asked for, and for nothing more.
    """

    name: str
    calm: int
    alarm: int
    hours: int
    counts: bool = True
    forgiven: bool = False
    takes_work: bool = False
    strict: bool = False


@dataclass(frozen=True)
class Act:
    """What is asked for, and by whom; the first of the debtors is the address.

    ``phone`` is the pseudonym of the one who can make it good. What does not count is only weighed.
    """

    kind: str
    debtors: tuple[Debtor, ...]
    phone: str = ""
    counts: bool = True


@dataclass(frozen=True)
class Claim:
    """An act that was let through, and in which minute; ``spent`` is the key of the solution that it used, if any.

    ``worked`` is whether that was more than is asked of everybody.
    """

    act: Act
    minute: int
    spent: str
    worked: bool


@dataclass(frozen=True)
class Verdict:
    """The level of the work that was or is needed, 0 being none; no claim where the work is not done."""

    level: int
    claim: Claim | None


class Debts:
    """Counted in Redis: the site's by the minute, debtors' by the hour. What is made good pays for itself and for half of another.

    So an address with many people behind it, of whom some never type their code, builds no debt.
    Under alarm, when of all that the site let through far less than usual is made good, debtors may owe less.
    ``usual`` is by kind the share that is usually made good; ``everybodys`` is the level that is asked for in any case.
    """

    def __init__(
        self,
        redis: RedisClient,
        usual: Mapping[str, Callable[[], float]],
        clock: Clock,
        log: FilteringBoundLogger,
        everybodys: int = 0,
    ) -> None:
        self._redis = redis
        self._usual = usual
        self._clock = clock
        self._log = log
        self._everybodys = everybodys
        self._alarms: dict[str, bool] = {}
        self._weigh_debts = load_script(redis, "weigh_debts")
        self._settle_debts = load_script(redis, "settle_debts")

    def weigh(self, act: Act, least: int = 0, solution: Solution | None = None) -> Verdict:
        """Let an act through and count it, unless work is needed that is not done, or was used before.

        ``least`` is the level that is asked for this in any case.
        """
        minute = int(self._clock().timestamp()) // MINUTE
        spent = f"{{risk}}:spent:{solution.name if solution else ''}"
        level, passes, alarm = self._weigh_debts(
            keys=[_site(act.kind), spent, _asked(act.phone), *(_key(debtor.name) for debtor in act.debtors)],
            args=[
                *(minute, NOT_JUDGED_MINUTES, JUDGED_MINUTES, LEAST_BAD),
                *(self._usual[act.kind]() * ALARM_SHARE, least, self._everybodys),
                *((solution.level, solution.remembered) if solution else (0, 1)),
                *(int(act.counts), _note(act, minute)),
                *(part for debtor in act.debtors for part in _terms(debtor)),
            ],
        )
        self._tell(act.kind, bool(alarm))
        claim = Claim(act, minute, spent if level else "", level > self._everybodys)
        return Verdict(level, claim if passes else None)

    @property
    def alarms(self) -> Mapping[str, bool]:
        """By kind, whether there was an alarm when this process asked last."""
        return dict(self._alarms)

    def give_back(self, claim: Claim) -> None:
        """Nothing came of it: it counts as never asked for, and its solution is good again."""
        act = claim.act
        with self._unhurt():
            if claim.spent:
                self._redis.delete(claim.spent)
            if act.counts:
                # In this order others may for a moment see too small a debt, and never one that is not owed.
                self._settle(act.kind, claim.minute, _owing(claim), COUNTED, "a", -1)
                if not self._redis.lrem(_asked(act.phone), 1, _note(act, claim.minute)) and act.phone:
                    # A code that was typed meanwhile paid for this too.
                    self._settle(act.kind, claim.minute, _lenient(act), -MADE_GOOD, "g", -1)

    def made_good(self, claim: Claim) -> None:
        """It was right: nobody owes it."""
        forgiven = [_key(debtor.name) for debtor in claim.act.debtors if debtor.forgiven]
        with self._unhurt():
            self._settle(claim.act.kind, claim.minute, _owing(claim), COUNTED, "g", 1, forgiven)

    def verified(self, phone: str) -> None:
        """Somebody typed a code that was sent to ``phone`` (a pseudonym): all that was asked for it is made good."""
        with self._unhurt():
            with self._redis.pipeline() as pipeline:
                pipeline.lrange(_asked(phone), 0, -1)
                pipeline.delete(_asked(phone))
                notes, _ = pipeline.execute()
            asked = [note.decode().split() for note in notes]
            for kind, minute, *keys in asked:
                paid = [key for key in keys if not key.startswith(STRICT)]
                # The newest is most likely the one that was typed.
                strict = [key[1:] for key in keys if key.startswith(STRICT) and keys[0] == asked[-1][2]]
                self._settle(kind, int(minute), paid, MADE_GOOD, "g", 1, strict=strict)

    @contextmanager
    def _unhurt(self) -> Iterator[None]:
        """A debt that stays too long is no reason to fail what was done."""
        try:
            yield
        except RedisError:
            self._log.warning("debts_unwritten")

    def _settle(
        self,
        kind: str,
        minute: int,
        keys: Sequence[str],
        halves: int,
        field: str,
        change: int,
        forgiven: Sequence[str] = (),
        strict: Sequence[str] = (),
    ) -> None:
        args: list[int | str] = [minute, halves, field, change, len(keys), len(strict), COUNTED]
        self._settle_debts(keys=[_site(kind), *keys, *strict, *forgiven], args=args)

    def _tell(self, kind: str, alarm: bool) -> None:
        """The operator hears of an alarm from each process once, and when it is over."""
        if self._alarms.get(kind, False) != alarm:
            self._alarms[kind] = alarm
            self._log.warning("alarm" if alarm else "alarm_over", kind=kind)


def _note(act: Act, minute: int) -> str:
    """What is kept for the phone until somebody verifies it."""
    keys = ((STRICT if one.strict else "") + _key(one.name) for one in act.debtors if one.counts)
    return " ".join((act.kind, str(minute), *keys)) if act.phone else ""


def _lenient(act: Act) -> tuple[str, ...]:
    """Those for whom a code pays whatever was asked for its phone."""
    return tuple(_key(one.name) for one in act.debtors if one.counts and not one.strict)


def _owing(claim: Claim) -> tuple[str, ...]:
    """Who owes an act that was let through."""
    return tuple(_key(one.name) for one in claim.act.debtors if one.counts and not (claim.worked and one.takes_work))


def _terms(debtor: Debtor) -> tuple[int, ...]:
    """A debtor as the script takes it."""
    owes = 2 if debtor.counts and debtor.takes_work else int(debtor.counts)
    return debtor.calm, debtor.alarm, debtor.hours, owes


def _key(name: str) -> str:
    return f"{{risk}}:{name}"


def _site(kind: str) -> str:
    return _key(f"{kind}:site")


def _asked(phone: str) -> str:
    return _key(f"asked:{phone}")
