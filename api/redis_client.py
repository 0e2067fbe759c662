"""Redis with our limits of time: one connection for each thread, no retries."""

import select
import threading
import time
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ResponseError
from redis.retry import Retry

LOOK_AFTER_SECONDS = 0.1


class ThreadLocalPool(ConnectionPool):
    """A pool in which each thread keeps its own connection.

    The stock pool takes a lock and asks the socket twice for every command, half of what a round trip costs us.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._local = threading.local()
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


class LeanRedis(Redis):
    """redis-py's client without its retries and its metering, which cost as much as the round trip itself."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command, and read its reply; a connection that failed is closed."""
        connection = self.connection_pool.get_connection()
        try:
            connection.send_command(*args)
            return self.parse_response(connection, args[0], **options)
        except ResponseError:
            raise
        except BaseException:
            connection.disconnect()
            raise


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


def _was_closed(connection: Any) -> bool:
    """Whether a connection at rest has something to read, which can only be its end."""
    if connection._sock is None:
        return False
    poll = select.poll()
    poll.register(connection._sock, select.POLLIN)
    return bool(poll.poll(0))
