"""Budgets that follow the site's own traffic: counted by the hour, so that a peak is one look at few rows."""

from dataclasses import dataclass

from services.clock import Clock
from services.scripts import RedisClient

HOUR, HOURS_A_DAY, DAYS = 3600, 24, 14
HEAD_ROOM = 2
LEAST_PER_HOUR, LEAST_PER_DAY = 100, 500
KEY = "{budget}:traffic"
LOOK_SECONDS = 300


@dataclass(frozen=True)
class Peaks:
    """Messages of the busiest hour and the busiest day."""

    hour: int
    day: int


class Traffic:
    """The verified messages of the last 14 days, by the hour, in Redis; the peaks are looked up every five minutes.

    Only messages that somebody verified count, so that an attack does not raise its own budget.
    """

    def __init__(self, redis: RedisClient, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._peaks = Peaks(0, 0)
        self._looked_at = float("-inf")

    def add(self) -> None:
        """One message was verified."""
        hour = int(self._clock().timestamp()) // HOUR
        with self._redis.pipeline() as pipeline:
            pipeline.hincrby(KEY, str(hour), 1)
            pipeline.expire(KEY, (DAYS + 1) * HOURS_A_DAY * HOUR)
            pipeline.execute()

    def per_hour(self) -> int:
        """What an hour may cost."""
        return max(LEAST_PER_HOUR, HEAD_ROOM * self._current().hour)

    def per_day(self) -> int:
        """What a day may cost."""
        return max(LEAST_PER_DAY, HEAD_ROOM * self._current().day)

    def _current(self) -> Peaks:
        now = self._clock().timestamp()
        if now - self._looked_at > LOOK_SECONDS:
            self._peaks, self._looked_at = self._look(int(now) // HOUR), now
        return self._peaks

    def _look(self, this_hour: int) -> Peaks:
        """The peaks without the hour that is running, which an attack may be filling."""
        counts = {int(hour): int(count) for hour, count in self._redis.hgetall(KEY).items()}
        oldest = this_hour - DAYS * HOURS_A_DAY
        if old := [hour for hour in counts if hour < oldest]:
            self._redis.hdel(KEY, *old)
        past = {hour: n for hour, n in counts.items() if oldest <= hour < this_hour}
        days: dict[int, int] = {}
        for hour, count in past.items():
            days[hour // HOURS_A_DAY] = days.get(hour // HOURS_A_DAY, 0) + count
        return Peaks(max(past.values(), default=0), max(days.values(), default=0))
