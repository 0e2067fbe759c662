"""What is asked of a Redis at the start: that it answers, and that it drops nothing by itself."""

from typing import Any

import structlog
from redis.exceptions import RedisError

from api.bad_setting import BadSetting
from api.config import Config
from api.redis_address import ONE, is_redis, read_redis_address
from api.redis_provider import RedisProvider

TIMEOUT_SECONDS = 2
KEEPS_ALL = "noeviction"
log = structlog.get_logger()


def check_redis(config: Config) -> None:
    """Raises ``BadSetting`` where ``REDIS_URL`` does not answer, or it or the limiter's own Redis would drop counters."""
    _check("REDIS_URL", config.redis_url, needed=True)
    if config.ratelimit_storage_uri != config.redis_url and is_redis(config.ratelimit_storage_uri):
        _check("RATELIMIT_STORAGE_URI", config.ratelimit_storage_uri, needed=False)


def _check(setting: str, url: str, needed: bool) -> None:
    """Limits fall back where a Redis of their own is away."""
    client = RedisProvider.from_url(url, TIMEOUT_SECONDS, setting)
    try:
        client.ping()
        nodes = client.primaries()
    except TypeError as error:
        raise BadSetting(f"{setting} has an option that redis-py does not know: {error}.") from error
    except RedisError as error:
        if needed:
            raise BadSetting(f"{setting} does not answer: {error}") from error
        return
    if read_redis_address(setting, url).kind == ONE:
        _refuse_lone_node(setting, client)
    for node in nodes:
        _refuse_eviction(setting, node)


def _refuse_lone_node(setting: str, client: Any) -> None:
    if _told(client, "cluster").get("cluster_enabled") == 1:
        raise BadSetting(
            f"{setting} is a node of a Cluster, which has a part of the keys only; name the Cluster: redis+cluster://host:port."
        )


def _refuse_eviction(setting: str, client: Any) -> None:
    """Whatever ``maxmemory`` is now: it can be set while Redis runs, and nothing would tell.

    The volatile policies are no better than the others, as nearly all of our keys have a lifetime. INFO says the policy
    where a host of Redis forbids CONFIG.
    """
    policy = _told(client, "memory").get("maxmemory_policy")
    if policy is None:
        log.warning("redis_policy_unknown", setting=setting, hint=f"make sure that maxmemory-policy is {KEEPS_ALL}")
    elif policy != KEEPS_ALL:
        raise BadSetting(
            f"The Redis of {setting} has maxmemory-policy {policy}, which drops counters and codes without a word. "
            f"Set it to {KEEPS_ALL}."
        )


def _told(client: Any, section: str) -> Any:
    """What INFO says of a section; nothing where it is forbidden."""
    try:
        return client.info(section)
    except RedisError:
        return {}
