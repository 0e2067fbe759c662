"""One engine, two ways in: ``reading`` and ``writing``."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_LOCK_SECONDS = 2.5
_SQLITE_READING = {"dongbao_reading": True}


class Database:
    """Access to one database, the same on SQLite, PostgreSQL and MySQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        sqlite = engine.dialect.name == "sqlite"
        self._reader = engine.execution_options(**(_SQLITE_READING if sqlite else {"isolation_level": "AUTOCOMMIT"}))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for single statements: each stands alone, without the round trips of a transaction."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self.engine.begin() as connection:
            yield connection


def connect_database(url: str, pool_size: int, timeout_seconds: float) -> Database:
    """Make the engine of ``url``; nothing connects yet.

    ``timeout_seconds`` bounds the connect, the wait for a pooled connection and each statement.
    """
    address = make_url(url)
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout_seconds,
        pool_recycle=1800,
        hide_parameters=True,
        **_dialect_options(address, timeout_seconds),
    )
    if address.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return Database(engine)


def _dialect_options(address: URL, timeout_seconds: float) -> dict[str, Any]:
    """What each driver calls its time limits. libpq and PyMySQL take whole seconds to connect."""
    whole_seconds = max(1, round(timeout_seconds))
    match address.get_backend_name():
        case "postgresql":
            options = f"-c statement_timeout={int(timeout_seconds * 1000)} -c timezone=UTC"
            return {"connect_args": {"connect_timeout": max(2, whole_seconds), "options": options}}
        case "mysql" | "mariadb":
            limits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), whole_seconds)
            return {"connect_args": {"charset": "utf8mb4", **limits}, "isolation_level": "READ COMMITTED"}
        case _:
            return {"connect_args": {"timeout": SQLITE_LOCK_SECONDS, "check_same_thread": False}}


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Switch on WAL, waiting for locks and foreign keys; leave transactions to ``_begin_immediate``."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {int(SQLITE_LOCK_SECONDS * 1000)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock first: a deferred transaction that upgrades late fails at once instead of waiting."""
    if not connection.get_execution_options().keys() & _SQLITE_READING.keys():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
