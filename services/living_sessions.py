"""How many sessions there are: counted once a day, a few rows at a time, and kept in Redis for whoever asks."""

from datetime import timedelta

from models import Session
from models.database import Database
from services.clock import Clock
from services.purges import count
from services.scripts import RedisClient

KEY = "job:sessions_count:living"
KEPT_SECONDS = 2 * 86400
# Of the newest sessions the ids may be from a clock that is ahead.
AHEAD = timedelta(hours=1)


class LivingSessions:
    """Sessions that have neither ended nor expired."""

    def __init__(self, database: Database, redis: RedisClient, clock: Clock) -> None:
        self._database = database
        self._redis = redis
        self._clock = clock

    def count(self) -> int:
        """Count them, and keep the number; raises ``RedisError`` where that can't be."""
        now = self._clock()
        living = count(self._database, Session, now + AHEAD, Session.ended_at.is_(None), Session.expires_at > now)
        self._redis.set(KEY, living, ex=KEPT_SECONDS)
        return living

    def last_count(self) -> int | None:
        """What was counted last, if it is known; raises ``RedisError``."""
        known = self._redis.get(KEY)
        return None if known is None else int(known)
