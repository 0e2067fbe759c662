"""Reads of Redis that are kept in this process: where one server has all keys, and says when they change."""

from typing import Any

import structlog

from api.redis_client import ThreadLocalPool
from services.tracked_reads import TrackedReads


def tracked_reads(redis: Any, timeout_seconds: float) -> TrackedReads | None:
    """Over a connection of its own, beside those of the threads.

    None for a client whose keys lie on several servers, or that asks Sentinels for another one: it would not be told by the old.
    """
    pool = getattr(redis, "connection_pool", None)
    if type(pool) is not ThreadLocalPool:
        return None

    def connect() -> Any:
        return pool.new_connection(protocol=3)

    return TrackedReads(connect, pool.renew, pool.circuit, timeout_seconds, structlog.get_logger())
