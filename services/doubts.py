"""Refreshes of which nobody heard how they went: a database that hung may carry one out when the grace is long over."""

from contextlib import suppress

from redis.exceptions import RedisError

from services.scripts import RedisClient
from services.tokens import RefreshClaims

KEPT_SECONDS = 900


class Doubts:
    """Remembers the refresh tokens that were not answered for our fault, so that using one again is no theft."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def note(self, token: RefreshClaims) -> None:
        """The database did not say whether it moved the session on from this token."""
        with suppress(RedisError):
            self._redis.set(_key(token), 1, ex=KEPT_SECONDS)

    def has(self, token: RefreshClaims) -> bool:
        """Whether that was so lately; False where Redis is away."""
        with suppress(RedisError):
            return bool(self._redis.exists(_key(token)))
        return False


def _key(token: RefreshClaims) -> str:
    return f"doubt:{token.claims.session_id}:{token.counter}"
