"""Whether this process can serve: what it needs answers, and they agree what time it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models.database import Database
from services.clock import Clock

# Tokens bear 30 s between two nodes: a clock that is found out this early has done no harm.
MOST_SKEW_SECONDS = 5
OK, UNREACHABLE, SKEWED = "ok", "unreachable", "skewed"


@dataclass(frozen=True)
class Checks:
    """A word for each: ``ok``, or what is wrong."""

    database: str
    redis: str
    clock: str


class Readiness:
    """Asks the database and Redis for their time, and compares it with this process's own."""

    def __init__(self, database: Database, redis: Any, clock: Clock, log: FilteringBoundLogger) -> None:
        self._database = database
        self._redis = redis
        self._clock = clock
        self._log = log

    def look(self) -> Checks:
        """How things are now."""
        skews = {"database": self._skew(self._database.now), "redis": self._skew(self._time_of_redis)}
        words = {name: UNREACHABLE if skew is None else OK for name, skew in skews.items()}
        off = {name: round(skew, 1) for name, skew in skews.items() if skew is not None and skew > MOST_SKEW_SECONDS}
        if off:
            self._log.error("clock_skewed", **off)
        return Checks(**words, clock=SKEWED if off else OK)

    def _skew(self, ask: Callable[[], float]) -> float | None:
        """By how many seconds at least another clock differs from ours; None where it can't be asked."""
        before = self._clock().timestamp()
        try:
            theirs = ask()
        except (SQLAlchemyError, RedisError):
            return None
        return max(0.0, before - theirs, theirs - self._clock().timestamp())

    def _time_of_redis(self) -> float:
        seconds, microseconds = self._redis.time()
        return float(seconds) + float(microseconds) / 1e6
