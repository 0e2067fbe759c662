"""Redis with our limits of time: one connection for each thread, no retries, and left alone for a while when it is away."""

import re
import select
import threading
import time
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.retry import Retry

from services.circuit import Circuit, CircuitOpen

LOOK_AFTER_SECONDS = 0.1
# How Redis says that it can't now, rather than that it was asked wrongly; before version 7 a script says so in the middle.
STATES = re.compile(r"(?:^|-)(?:OOM|READONLY|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY) ")


class RedisLeftAlone(RedisConnectionError, CircuitOpen):
    """Redis was away a moment ago, so nothing was sent."""


def is_unable(error: ResponseError) -> bool:
    """Whether Redis refused for a state that it is in; redis-py takes the word off the text of those that it knows."""
    return bool(STATES.search(f"{error.status_code or ''} {error}".lstrip()))


class ThreadLocalPool(ConnectionPool):
    """A pool in which each thread keeps its own connection.

    The stock pool takes a lock and asks the socket twice for every command, half of what a round trip costs us.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._local = threading.local()
        self.circuit = Circuit()
        super().__init__(*args, **kwargs)

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        """The thread's connection, made new when the server closed it meanwhile."""
        local, now = self._local, time.monotonic()
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = self.connection_class(**self.connection_kwargs)
        elif now - local.used_at > LOOK_AFTER_SECONDS and _was_closed(connection):
            connection.disconnect()
        local.used_at = now
        connection.connect()
        return connection

    def release(self, connection: Any) -> None:
        """Nothing to do: the thread keeps it, and redis-py has closed one that failed in the middle of a reply."""


class LeanPipeline(Pipeline):
    """redis-py's pipeline, behind the circuit."""

    connection_pool: ThreadLocalPool

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all commands, and read their replies."""
        circuit = self.connection_pool.circuit
        _enter(circuit)
        try:
            replies = super().execute(raise_on_error)
        except BaseException as error:
            _leave(circuit, error)
            raise
        circuit.leave(failed=False)
        return replies


class LeanRedis(Redis):
    """redis-py's client without its retries and its metering, which cost as much as the round trip itself."""

    connection_pool: ThreadLocalPool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command, and read its reply; a connection that failed is closed."""
        pool, connection = self.connection_pool, None
        _enter(pool.circuit)
        try:
            connection = pool.get_connection()
            connection.send_command(*args)
            reply = self.parse_response(connection, args[0], **options)
        except BaseException as error:
            if connection is not None and _spoils(error):
                connection.disconnect()
            _leave(pool.circuit, error)
            raise
        pool.circuit.leave(failed=False)
        return reply

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> LeanPipeline:
        """Several commands in one round trip."""
        return LeanPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class RedisProvider:
    """What flask-redis calls to make the client."""

    @staticmethod
    def from_url(url: str, timeout_seconds: float) -> Redis:
        """A client for ``url``. Commands are never sent twice: a counter must not count one call as two."""
        pool = ThreadLocalPool.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        return LeanRedis(connection_pool=pool)


def _enter(circuit: Circuit) -> None:
    try:
        circuit.enter()
    except CircuitOpen:
        raise RedisLeftAlone("left alone for a moment") from None


def _leave(circuit: Circuit, error: BaseException) -> None:
    """What Redis itself answered is no failure of it, but that it is loading."""
    away = isinstance(error, RedisConnectionError | RedisTimeout | OSError)
    circuit.leave(failed=away, slow=isinstance(error, RedisTimeout))


def _spoils(error: BaseException) -> bool:
    """Whether the connection is not to be used again; who was told of a replica may find the new primary by another."""
    return not isinstance(error, ResponseError) or isinstance(error, ReadOnlyError) or "-READONLY " in str(error)


def _was_closed(connection: Any) -> bool:
    """Whether a connection at rest has something to read, which can only be its end."""
    if connection._sock is None:
        return False
    poll = select.poll()
    poll.register(connection._sock, select.POLLIN)
    return bool(poll.poll(0))
