"""The Flask extensions, made anew for each app: a module-level limiter would carry one app's storage into the next."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_cors import CORS
from flask_limiter import Limiter
from flask_redis import FlaskRedis
from limits.errors import ConfigurationError

from api.config import BadSetting, Config
from api.redis_client import RedisProvider
from models.database import Database, connect_database

EXPOSED_HEADERS = ("Retry-After", "X-Request-ID", "WWW-Authenticate")
LOCALHOST = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?\Z")


@dataclass(frozen=True)
class Extensions:
    """What an app is connected to."""

    database: Database
    redis: Any
    limiter: Limiter


def init_extensions(app: Flask, config: Config) -> Extensions:
    """Connect ``app``; raises ``BadSetting`` for a limiter storage that can't do what is asked of it."""
    app.config["REDIS_URL"] = config.redis_url
    redis = FlaskRedis.from_custom_provider(RedisProvider, timeout_seconds=config.redis_timeout_seconds)
    redis.init_app(app)
    CORS(
        app,
        origins=list(config.cors_origins) or ([] if config.is_production else LOCALHOST),
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )
    # One connection more than there are threads, for the readiness check.
    database = connect_database(config.database_url, config.threads + 1, config.database_timeout_seconds)
    return Extensions(database, redis, _init_limiter(app, config, redis))


def _init_limiter(app: Flask, config: Config, redis: Any) -> Limiter:
    uri = config.ratelimit_storage_uri
    shared = {"connection_pool": redis.connection_pool} if uri == config.redis_url else {}
    limiter = QuietLimiter(
        key_func=lambda: "",
        storage_uri=f"redis+{uri}" if uri.startswith("unix://") else uri,
        storage_options=shared,
        strategy=config.ratelimit_strategy,
    )
    try:
        limiter.init_app(app)
    except (ConfigurationError, NotImplementedError) as error:
        raise BadSetting(
            f"RATELIMIT_STORAGE_URI and RATELIMIT_STRATEGY '{config.ratelimit_strategy}' don't fit: {error}. "
            "Memcached has no moving window: set RATELIMIT_STRATEGY=fixed-window."
        ) from error
    return limiter


class QuietLimiter(Limiter):
    """Flask-Limiter with its storage and strategy, and without its hook before every request: see ``api.limits``."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        """Nothing: the named limits are counted by the decorators that carry them."""
