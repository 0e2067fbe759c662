"""Where the named limits count: Flask-Limiter's strategy on its storage, and the database while that is away."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

import structlog
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.storage import RedisStorage
from redis.commands.core import Script
from sqlalchemy.exc import SQLAlchemyError

from services.circuit import Circuit, CircuitOpen
from services.errors import RateLimited, ServiceUnavailable
from services.keyring import Keyring
from services.limit_hits import LimitHits, Window

RETRY_SECONDS = 5
TOLD_SECONDS = 1
# Without counters no message is sent, so these have nothing to fall back for.
OF_SENDING = ("sms_per_address", "sms_per_phone", "sms_per_account")
T = TypeVar("T")
log = structlog.get_logger()


class LimitWindows:
    """The windows of each limit and of whom it counts.

    A storage that is away is left alone by ``circuit``, where it is not a client of its own that does so. Where the storage is
    our own Redis, and the windows move, ``script`` counts in all windows of a limit at once.
    """

    def __init__(
        self,
        limiter: Limiter,
        strategy: str,
        hits: LimitHits,
        keyring: Keyring,
        circuit: Circuit | None = None,
        script: Script | None = None,
    ) -> None:
        self._limiter = limiter
        self._strategy = strategy
        self._hits = hits
        self._keyring = keyring
        self._circuit = circuit
        self._script = script
        self._told_at = 0.0
        self._failures = _failures(limiter)
        self._away: tuple[type[Exception], ...] = (*self._failures, CircuitOpen)

    @property
    def is_left_alone(self) -> bool:
        """Whether a storage of their own is away."""
        return self._circuit is not None and self._circuit.is_open

    def hit(self, name: str, rates: str, key: str) -> None:
        """Count one request of ``key`` in each window of ``rates`` (Flask-Limiter's words).

        Raises ``RateLimited`` where one is full, ``ServiceUnavailable`` where neither storage nor database can count.
        """
        try:
            wait = self._ask(lambda: self._hit(rates, self._window(name, key)))
        except self._away as error:
            self._tell(error, name)
            if name in OF_SENDING:
                raise ServiceUnavailable(retry_after=RETRY_SECONDS) from error
            wait = self._hit_database(name, rates, key)
        if wait is not None:
            log.debug("limit_reached", limit=name)
            raise RateLimited(retry_after=wait)

    def clear(self, name: str, rates: str, key: str) -> None:
        """Forget what was counted; where that can't be reached, it forgets by itself in time."""
        try:
            self._ask(lambda: self._clear(rates, self._window(name, key)))
        except self._away:
            self._clear_database(name, rates, key)

    def _hit(self, rates: str, window: tuple[str, str, str]) -> float | None:
        """The seconds until there is room again in the first window that is full, or None."""
        if self._script:
            wait = self._script(self._keys(rates, window), _terms(rates))
            return float(wait) if wait else None
        strategy = self._limiter.limiter
        for item in _items(rates):
            if not strategy.hit(item, *window):
                return strategy.get_window_stats(item, *window).reset_time - time.time()
        return None

    def _clear(self, rates: str, window: tuple[str, str, str]) -> None:
        if self._script:
            self._script.registered_client.delete(*self._keys(rates, window))
            return
        for item in _items(rates):
            self._limiter.limiter.clear(item, *window)

    def _hit_database(self, name: str, rates: str, key: str) -> float | None:
        try:
            return self._hits.hit(self._database_windows(name, rates, key))
        except SQLAlchemyError as error:
            log.error("part_away", error=type(error).__name__, limit=name)
            raise ServiceUnavailable(retry_after=RETRY_SECONDS) from error

    def _clear_database(self, name: str, rates: str, key: str) -> None:
        try:
            self._hits.clear([window.name for window in self._database_windows(name, rates, key)])
        except SQLAlchemyError as error:
            log.warning("limit_uncleared", error=type(error).__name__, limit=name)

    def _ask(self, call: Callable[[], T]) -> T:
        """Call the storage, unless it failed a moment ago."""
        if self._circuit is None:
            return call()
        self._circuit.enter()
        try:
            answer = call()
        except BaseException as error:
            self._circuit.leave(failed=isinstance(error, self._failures), slow=isinstance(error, TimeoutError))
            raise
        self._circuit.leave(failed=False)
        return answer

    def _tell(self, error: Exception, name: str) -> None:
        """One line a second: a flood must not fill the log too."""
        log.debug("limit_fell_back", limit=name)
        now = time.monotonic()
        if now - self._told_at >= TOLD_SECONDS:
            self._told_at = now
            log.error("limits_fall_back", error=type(error).__name__)

    def _window(self, name: str, key: str) -> tuple[str, str, str]:
        """What names the windows; each strategy keeps its own kind of value, so it is part of the name.

        The braces keep the windows of one limit and of whom it counts in one slot of a cluster.
        """
        return self._strategy, name, f"{{{key}}}"

    def _keys(self, rates: str, window: tuple[str, str, str]) -> list[str]:
        """Where the limits package keeps them."""
        storage = cast("RedisStorage", self._limiter.storage)
        return [storage.prefixed_key(item.key_for(*window)) for item in _items(rates)]

    def _database_windows(self, name: str, rates: str, key: str) -> list[Window]:
        """Rows are kept longer than keys of a storage, so no address stands in them."""
        whom = self._keyring.pseudonym(f"{name}:{key}")
        return [
            Window(f"{name}:{item.amount}/{item.get_expiry()}:{whom}", item.amount, item.get_expiry())
            for item in _items(rates)
        ]


@lru_cache
def _items(rates: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rates))


@lru_cache
def _terms(rates: str) -> tuple[int, ...]:
    """Limit and seconds of each window."""
    return tuple(term for item in _items(rates) for term in (item.amount, item.get_expiry()))


def _failures(limiter: Limiter) -> tuple[type[Exception], ...]:
    """What the storage raises when it is away."""
    raised = limiter.storage.base_exceptions
    return (*raised, OSError) if isinstance(raised, tuple) else (raised, OSError)
