"""Budgets that follow the site's own traffic: counted by the hour, so that a peak is one look at few rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from services.clock import Clock
from services.scripts import RedisClient, load_script

HOUR, HOURS_A_DAY, DAYS = 3600, 24, 14
HEAD_ROOM = 2
LEAST_SHARE = 1 / 4
LEAST_PER_HOUR, LEAST_PER_DAY = 100, 500
KEY, SEEDED, SEEDING = "{budget}:traffic", b"seeded", "{budget}:seeding"
LIFETIME = (DAYS + 1) * HOURS_A_DAY * HOUR
LOOK_SECONDS, SOON, SEEDING_SECONDS = 300, 1, 60


@dataclass(frozen=True)
class BusyHour:
    """Messages sent in an hour, named by its number since 1970, and how many of them were verified."""

    hour: int
    sent: int
    verified: int


@dataclass(frozen=True)
class Peaks:
    """Verified messages of the busiest hour and the busiest day, and the share of the messages that is usually verified."""

    hour: int
    day: int
    share: float


class Traffic:
    """The messages of the last 14 days, by the hour, in Redis; the peaks are looked up every five minutes.

    Only messages that somebody verified make a peak, and the share is a median of hours, so that an attack does not raise
    its own budget. What a Redis without them has lost is put back from ``history`` by whoever looks first.
    """

    def __init__(self, redis: RedisClient, history: Callable[[int], Sequence[BusyHour] | None], clock: Clock) -> None:
        self._redis = redis
        self._history = history
        self._clock = clock
        self._peaks = Peaks(0, 0, 1)
        self._look_at = float("-inf")
        self._seed_traffic = load_script(redis, "seed_traffic")

    def add(self) -> None:
        """One message was verified."""
        hour = int(self._clock().timestamp()) // HOUR
        with self._redis.pipeline() as pipeline:
            pipeline.hincrby(KEY, str(hour), 1)
            pipeline.expire(KEY, LIFETIME)
            pipeline.execute()

    def per_hour(self) -> int:
        """What an hour may cost."""
        peaks = self._current()
        return max(LEAST_PER_HOUR, round(HEAD_ROOM * peaks.hour / peaks.share))

    def share(self) -> float:
        """Of the messages of an hour, how many are usually verified."""
        return self._current().share

    def per_day(self) -> int:
        """What a day may cost."""
        peaks = self._current()
        return max(LEAST_PER_DAY, round(HEAD_ROOM * peaks.day / peaks.share))

    def _current(self) -> Peaks:
        """The peaks; while what was lost is not back, those that this process knew."""
        now = self._clock().timestamp()
        if now > self._look_at:
            is_whole = self._redis.hexists(KEY, SEEDED) or self._seed()
            if is_whole:
                self._peaks = self._look(int(now) // HOUR)
            self._look_at = now + (LOOK_SECONDS if is_whole else SOON)
        return self._peaks

    def _seed(self) -> bool:
        """Put back what was lost, unless somebody else is at it; a table that can't be read is asked again in a minute."""
        if not self._redis.set(SEEDING, 1, nx=True, ex=SEEDING_SECONDS):
            return False
        hours = self._history(DAYS)
        if hours is None:
            return False
        self._seed_traffic(
            keys=(KEY, *(sent_key(busy.hour) for busy in hours)),
            args=(LIFETIME, *(number for busy in hours for number in (busy.hour, busy.verified, busy.sent))),
        )
        return True

    def _look(self, this_hour: int) -> Peaks:
        """The peaks without the hour that is running, which an attack may be filling."""
        counts = {int(hour): int(count) for hour, count in self._redis.hgetall(KEY).items() if hour != SEEDED}
        oldest = this_hour - DAYS * HOURS_A_DAY
        if old := [hour for hour in counts if hour < oldest]:
            self._redis.hdel(KEY, *old)
        past = {hour: n for hour, n in counts.items() if oldest <= hour < this_hour}
        days: Counter[int] = Counter()
        for hour, count in past.items():
            days[hour // HOURS_A_DAY] += count
        return Peaks(max(past.values(), default=0), max(days.values(), default=0), self._share(past))

    def _share(self, verified: Mapping[int, int]) -> float:
        """Of the messages of an hour, how many are usually verified."""
        sent = self._redis.mget([sent_key(hour) for hour in verified]) if verified else []
        shares = [n / int(of) for n, of in zip(verified.values(), sent, strict=True) if of and int(of)]
        return min(1, max(LEAST_SHARE, median(shares))) if shares else 1


def sent_key(hour: int) -> str:
    """Where the messages of an hour are counted."""
    return f"{{budget}}:hour:{hour}"
