"""How much room things take: bytes in Redis, in tables with their indexes, and in PostgreSQL's log."""

from dataclasses import dataclass

import psycopg

from bench.growth.house import Environ, House
from bench.growth.paths import PATHS

SAMPLES = 300
SOMEBODY = "198.51.100.7"
TABLES = ("users", "sessions", "security_events", "sms_messages", "devices", "notices")
WRITERS = ("login", "refresh", "sms", "register")


@dataclass(frozen=True)
class Rows:
    """Of one table: how many, and the bytes of one, in the table and in all its indexes."""

    table: str
    count: int
    heap: float
    indexes: float


def redis_bytes(house: House) -> dict[str, float]:
    """Bytes of one of each, keys and names included, as MEMORY USAGE says."""
    accounts = [house.request("GET", "/v1/me", number=house.pick()) for _ in range(SAMPLES)]
    asked = [house.request("GET", "/v1/register/availability?username=somebody", address=SOMEBODY) for _ in range(60)]
    return {
        "an active account, with one session": _left_by(house, accounts) / SAMPLES,
        "a live challenge": _left_by(house, _messages(house), "sms:*:" + 22 * "?") / SAMPLES,
        "a message, with all its windows and debts, and the challenge": _left_by(house, _messages(house)) / SAMPLES,
        "an address, after one limited request": _left_by(house, asked[:1]),
        "an address at its limit of 60 a minute": _left_by(house, asked),
    }


def _messages(house: House) -> list[Environ]:
    return [PATHS["sms"](house) for _ in range(SAMPLES)]


def _left_by(house: House, environs: list[Environ], keys: str = "*") -> int:
    """Bytes of the ``keys`` in an empty Redis after these requests."""
    with house.redis.connect() as redis:
        redis.flushall()
        for environ in environs:
            house.ask(environ)
        return sum(redis.memory_usage(key, samples=0) for key in redis.scan_iter(keys, 1000))


def wal_bytes(house: House) -> dict[str, float]:
    """Bytes that PostgreSQL logs for one request of each kind."""
    return {name: house.wal_bytes(PATHS[name](house) for _ in range(100)) for name in WRITERS}


def row_bytes(house: House) -> list[Rows]:
    """Each table that grows."""
    with house.connect() as connection:
        return [_rows(connection, table) for table in TABLES]


def _rows(connection: psycopg.Connection, table: str) -> Rows:
    query = f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}"
    count, heap, indexes = connection.execute(query).fetchone()
    return Rows(table, count, heap / count, indexes / count)
