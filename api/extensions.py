"""The Flask extensions, made anew for each app: a module-level limiter would carry one app's storage into the next."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_cors import CORS
from flask_limiter import Limiter
from flask_redis import FlaskRedis
from limits.errors import ConfigurationError
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.bad_setting import BadSetting
from api.config import Config
from api.metrics import metrics
from api.metrics_parts import measure_redis, measure_sql
from api.redis_address import is_redis
from api.redis_provider import RedisProvider
from models.database import Database, connect_database

EXPOSED_HEADERS = ("Retry-After", "X-Request-ID", "WWW-Authenticate")
LOCALHOST = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?\Z")


@dataclass(frozen=True)
class Extensions:
    """What an app is connected to; ``redis_clients`` are all it has, with that of a Redis that only the limiter uses."""

    database: Database
    redis: Any
    limiter: Limiter
    redis_clients: tuple[Any, ...]


def init_extensions(app: Flask, config: Config) -> Extensions:
    """Connect ``app``; raises ``BadSetting`` for a limiter storage that can't do what is asked of it."""
    app.config["REDIS_URL"] = config.redis_url
    redis = FlaskRedis.from_custom_provider(RedisProvider, timeout_seconds=config.redis_timeout_seconds)
    redis.init_app(app)
    _init_cors(app, config)
    # The other threads serve what needs no database.
    connections = config.database_pool_size or config.threads - config.threads // 4
    database = connect_database(config.database_url, connections, config.database_timeout_seconds)
    measure_sql(database.engine, metrics())
    own = _own_redis(config)
    clients = tuple(client for client in (redis._redis_client, own) if client)
    for client in clients:
        measure_redis(client, metrics())
    return Extensions(database, redis, _make_limiter(config, own or redis), clients)


def _init_cors(app: Flask, config: Config) -> None:
    """Let the pages of the listed origins read the replies, and no others."""
    CORS(
        app,
        origins=_exactly(config.cors_origins) or ([] if config.is_production else LOCALHOST),
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )
    add_headers = app.after_request_funcs[None].pop()
    app.after_request(lambda response: add_headers(response) if "HTTP_ORIGIN" in request.environ else response)


def _exactly(origins: tuple[str, ...]) -> list[re.Pattern[str]]:
    """flask-cors takes a text with brackets, as IPv6 has them, for a pattern without an end."""
    return [re.compile(re.escape(origin) + r"\Z") for origin in origins]


def _storage_options(uri: str, timeout_seconds: float) -> dict[str, Any]:
    """The time limits of a storage of the limiter's own, in the words of its client."""
    if uri.startswith("memcached"):
        return {"connect_timeout": timeout_seconds, "timeout": timeout_seconds}
    if uri.startswith("valkey"):
        limits = {"socket_connect_timeout": timeout_seconds, "socket_timeout": timeout_seconds}
        return {**limits, "retry": Retry(NoBackoff(), 0)}
    return {}


def _make_limiter(config: Config, redis: Any) -> Limiter:
    """``redis`` is the client for limits that are counted in a Redis."""
    uri = config.ratelimit_storage_uri
    ours = is_redis(uri)
    limiter = Limiter(
        key_func=lambda: "",
        storage_uri="redis://" if ours else uri,
        storage_options=_storage_options(uri, config.redis_timeout_seconds),
        strategy=config.ratelimit_strategy,
    )
    try:
        # An app of its own takes the hooks that it would put around every request: api.limits counts without them.
        limiter.init_app(Flask("limiter"))
    except ConfigurationError as error:
        raise BadSetting(
            "RATELIMIT_STORAGE_URI is no storage that Flask-Limiter knows, or RATELIMIT_STRATEGY no strategy of its."
        ) from error
    except NotImplementedError as error:
        raise BadSetting(
            f"RATELIMIT_STRATEGY={config.ratelimit_strategy} can't be had on this RATELIMIT_STORAGE_URI; memcached, for "
            "instance, has no moving window. Set RATELIMIT_STRATEGY=fixed-window, or use Redis."
        ) from error
    if ours and isinstance(limiter.storage, RedisStorage):
        # Our client, with its connections and time limits, in place of the one that the storage made for itself.
        limiter.storage.storage = redis
        limiter.storage.initialize_storage(uri)
    return limiter


def _own_redis(config: Config) -> Any:
    """The client of a Redis that only the limiter uses; None where there is no such."""
    uri, timeout = config.ratelimit_storage_uri, config.redis_timeout_seconds
    if uri == config.redis_url or not is_redis(uri):
        return None
    return RedisProvider.from_url(uri, timeout, "RATELIMIT_STORAGE_URI")
