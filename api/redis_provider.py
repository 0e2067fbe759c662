"""What makes the client of an address of Redis."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from api.redis_address import CLUSTER, SENTINEL, read_redis_address
from api.redis_client import LeanRedis, ThreadLocalPool
from api.redis_cluster import ClusterRedis
from api.redis_sentinel import SentinelPool


class RedisProvider:
    """What flask-redis calls to make the client."""

    @staticmethod
    def from_url(url: str, timeout_seconds: float, setting: str = "REDIS_URL") -> Any:
        """A client for the ``url`` of ``setting``; raises ``BadSetting``. Nothing connects yet.

        Commands are never sent twice: a counter must not count one call as two.
        """
        address = read_redis_address(setting, url)
        limits: dict[str, Any] = {
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
            "retry": Retry(NoBackoff(), 0),
        }
        options = limits | dict(address.options)
        if address.kind == CLUSTER:
            return ClusterRedis(address.hosts, options)
        if address.kind == SENTINEL:
            return LeanRedis(connection_pool=SentinelPool(address.hosts, address.service, options))
        return LeanRedis(connection_pool=ThreadLocalPool(**options))
