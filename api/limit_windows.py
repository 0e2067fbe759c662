"""Where the named limits count: Flask-Limiter's strategy on its storage."""

import time
from collections.abc import Iterable
from functools import lru_cache

import structlog
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many

from services.errors import RateLimited, ServiceUnavailable

RETRY_SECONDS = 5
log = structlog.get_logger()


class LimitWindows:
    """The windows of each limit and of whom it counts."""

    def __init__(self, limiter: Limiter, strategy: str) -> None:
        self._limiter = limiter
        self._strategy = strategy
        self._failures = _failures(limiter)

    def hit(self, name: str, rates: str, key: str) -> None:
        """Count one request of ``key`` in each window of ``rates`` (Flask-Limiter's words).

        Raises ``RateLimited`` where one is full, ``ServiceUnavailable`` where the storage is away.
        """
        window = self._window(name, key)
        try:
            for item in _items(rates):
                if not self._limiter.limiter.hit(item, *window):
                    stats = self._limiter.limiter.get_window_stats(item, *window)
                    raise RateLimited(retry_after=stats.reset_time - time.time())
        except self._failures as error:
            log.error("part_away", error=type(error).__name__, limit=name)
            raise ServiceUnavailable(retry_after=RETRY_SECONDS) from error

    def clear(self, name: str, rates: str, key: str) -> None:
        """Forget what was counted; where the storage is away, it forgets by itself in time."""
        window = self._window(name, key)
        try:
            for item in _items(rates):
                self._limiter.limiter.clear(item, *window)
        except self._failures:
            return

    def _window(self, name: str, key: str) -> tuple[str, str, str]:
        """What names the window; each strategy keeps its own kind of value, so it is part of the name."""
        return self._strategy, name, key


@lru_cache
def _items(rates: str) -> Iterable[RateLimitItem]:
    return tuple(parse_many(rates))


def _failures(limiter: Limiter) -> tuple[type[Exception], ...]:
    """What the storage raises when it is away."""
    raised = limiter.storage.base_exceptions
    return (*raised, OSError) if isinstance(raised, tuple) else (raised, OSError)
