"""The Redis that Sentinels call the primary of a service."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from api.redis_client import ThreadLocalPool

ASK_AGAIN_SECONDS = 1.0
TO_SENTINELS = ("socket_timeout", "socket_connect_timeout", "retry")
LOGIN_OF_SENTINELS = {"sentinel_username": "username", "sentinel_password": "password"}


class SentinelPool(ThreadLocalPool):
    """Connections to the primary of now; one to a server that is no longer it is closed before it is used again.

    A server that hung, was replaced and woke believes for some seconds that it is still primary. So Sentinels are asked
    once a second by whoever comes first; where none of them names a primary, Redis is away.
    """

    def __init__(self, hosts: Sequence[tuple[str, int]], service: str, options: Mapping[str, Any]) -> None:
        of_sentinels, own = _split(options)
        super().__init__(**own)
        self._service = service
        self._sentinels = Sentinel(hosts, sentinel_kwargs=of_sentinels)
        self._asking = threading.Lock()
        self._primary: tuple[str, int] | None = None
        self._ask_at = 0.0

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        """The thread's connection to the primary."""
        primary, local = self._ask(), self._local
        connection = getattr(local, "connection", None)
        if connection is not None and local.primary != primary:
            connection.disconnect()
            local.connection = None
        local.primary = primary
        return super().get_connection()

    def new_connection(self, **changes: Any) -> Any:
        """One to the primary that nobody has yet, not connected."""
        host, port = self._ask()
        return super().new_connection(host=host, port=port, **changes)

    def _ask(self) -> tuple[str, int]:
        """Who is primary; nobody waits for somebody else's question while there is an answer of late."""
        primary, waiting = self._primary, time.monotonic() - self._ask_at
        if primary and waiting < 0:
            return primary
        if not self._asking.acquire(blocking=primary is None or waiting > ASK_AGAIN_SECONDS) and primary:
            return primary
        try:
            return self._look()
        finally:
            self._asking.release()

    def _look(self) -> tuple[str, int]:
        """What was just heard counts for all who waited meanwhile, also that there is none."""
        if time.monotonic() >= self._ask_at:
            try:
                self._primary = self._sentinels.discover_master(self._service)
            except RedisError:
                self._primary = None
            self._ask_at = time.monotonic() + ASK_AGAIN_SECONDS
        if self._primary is None:
            # What redis-py says here quotes its connections.
            raise RedisConnectionError(f"no Sentinel names a primary of {self._service}")
        return self._primary


def _split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What connections to Sentinels take of ``options``, and those to Redis."""
    own = {name: value for name, value in options.items() if name not in LOGIN_OF_SENTINELS}
    login = {word: options[name] for name, word in LOGIN_OF_SENTINELS.items() if name in options}
    shared = {name: own[name] for name in own if name in TO_SENTINELS or name.startswith("ssl_")}
    return {**shared, **login, "ssl": "connection_class" in own}, own
