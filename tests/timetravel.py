"""Time that passes when a test says so: the app's clock, and what Redis has a time of its own for."""

from datetime import UTC, datetime, timedelta

from redis import Redis


class HandTurnedClock:
    """Stands still at the time it was made, or at another, until it is turned."""

    def __init__(self, now: datetime | None = None):
        self.now = now or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float):
        self.now += timedelta(seconds=seconds)


def age_redis(redis: "Redis[bytes]", seconds: float):
    """Make everything in Redis ``seconds`` older: expiries nearer, entries of sorted sets and of moving windows earlier."""
    for key in redis.keys():  # noqa: SIM118
        if _age_expiry(redis, key, seconds):
            match redis.type(key):
                case b"zset":
                    _age_sorted_set(redis, key, seconds)
                case b"list":
                    _age_moving_window(redis, key, seconds)
    # Once this is answered, Redis has sent word of each change to all who keep what was before.
    redis.ping()


def _age_expiry(redis: "Redis[bytes]", key: bytes, seconds: float) -> bool:
    """Whether the key is there still."""
    left = redis.pttl(key)
    if left == -1:
        return True
    left -= int(seconds * 1000)
    if left <= 0:
        redis.delete(key)
        return False
    return bool(redis.pexpire(key, left))


def _age_sorted_set(redis: "Redis[bytes]", key: bytes, seconds: float):
    """Scores are milliseconds since 1970."""
    for member, score in redis.zrange(key, 0, -1, withscores=True):
        redis.zadd(key, {member: score - seconds * 1000})


def _age_moving_window(redis: "Redis[bytes]", key: bytes, seconds: float):
    """Flask-Limiter's moving window is a list of times in seconds; lists of anything else stay as they are."""
    for i, entry in enumerate(redis.lrange(key, 0, -1)):
        try:
            redis.lset(key, i, repr(float(entry) - seconds))
        except ValueError:
            return
