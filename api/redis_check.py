"""What is asked of a Redis at the start: that it answers, and that it drops nothing by itself."""

from typing import Any

import structlog
from redis.exceptions import RedisError, ResponseError

from api.bad_setting import BadSetting
from api.config import Config
from api.redis_client import RedisProvider

TIMEOUT_SECONDS = 2
KEEPS_ALL = "noeviction"
log = structlog.get_logger()


def check_redis(config: Config) -> None:
    """Raises ``BadSetting`` where ``REDIS_URL`` does not answer, or it or the limiter's own Redis would drop counters."""
    _refuse_eviction("REDIS_URL", _refuse_absence(config.redis_url))
    uri = config.ratelimit_storage_uri.removeprefix("redis+")
    if uri != config.redis_url and uri.startswith(("redis://", "rediss://", "unix://")):
        _refuse_eviction("RATELIMIT_STORAGE_URI", RedisProvider.from_url(uri, TIMEOUT_SECONDS))


def _refuse_absence(url: str) -> Any:
    try:
        client = RedisProvider.from_url(url, TIMEOUT_SECONDS)
        client.ping()
    except ValueError as error:
        raise BadSetting("REDIS_URL can't be read; write it like redis://:password@host:6379/0.") from error
    except RedisError as error:
        raise BadSetting(f"REDIS_URL does not answer: {error}") from error
    return client


def _refuse_eviction(setting: str, client: Any) -> None:
    """Whatever ``maxmemory`` is now: it can be set while Redis runs, and nothing would tell.

    The volatile policies are no better than the others, as nearly all of our keys have a lifetime. INFO says the policy
    where a host of Redis forbids CONFIG; limits fall back where a Redis of their own is away.
    """
    try:
        policy = client.info("memory").get("maxmemory_policy")
    except ResponseError:
        policy = None
    except RedisError:
        return
    if policy is None:
        log.warning("redis_policy_unknown", setting=setting, hint=f"make sure that maxmemory-policy is {KEEPS_ALL}")
    elif policy != KEEPS_ALL:
        raise BadSetting(
            f"The Redis of {setting} has maxmemory-policy {policy}, which drops counters and codes without a word. "
            f"Set it to {KEEPS_ALL}."
        )
