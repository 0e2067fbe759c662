"""One engine, two ways in: ``connection`` for single statements, ``transaction`` for several."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_LOCK_SECONDS = 2.5


class Database:
    """Access to one database, the same on SQLite, PostgreSQL and MySQL.

    Connections commit each statement by itself; a transaction is begun and ended in so many words. So a single statement,
    which is what most requests need, costs one round trip and not three.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # A deferred transaction of SQLite that upgrades late fails at once instead of waiting for the lock.
        self._begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN"

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for statements that each stand alone."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose statements are committed together when the block ends, or not at all when it raises."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(self._begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise


def _roll_back(connection: Connection) -> None:
    """A connection that can't even roll back is not used again; one that was lost has nothing to roll back."""
    if connection.invalidated:
        return
    try:
        connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        connection.invalidate()


def connect_database(
    url: str, pool_size: int, timeout_seconds: float, statement_seconds: float | None = None
) -> Database:
    """Make the engine of ``url``; nothing connects yet.

    ``timeout_seconds`` bounds the connect, the wait for a pooled connection and, without ``statement_seconds``, each
    statement.
    """
    address = make_url(url)
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout_seconds,
        pool_recycle=1800,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        **_dialect_options(address, timeout_seconds, statement_seconds or timeout_seconds),
    )
    if address.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return Database(engine)


def _dialect_options(address: URL, timeout_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """What each driver calls its time limits. libpq and PyMySQL take whole seconds to connect.

    ``statement_timeout`` is kept by PostgreSQL itself; ``tcp_user_timeout`` ends the wait for a host that is gone.
    """
    whole_seconds = max(1, round(timeout_seconds))
    match address.get_backend_name():
        case "postgresql":
            milliseconds = int(statement_seconds * 1000)
            options = f"-c statement_timeout={milliseconds} -c timezone=UTC"
            limits = {"connect_timeout": max(2, whole_seconds), "tcp_user_timeout": milliseconds, "keepalives_idle": 10}
            return {"connect_args": {"options": options, **limits}}
        case "mysql" | "mariadb":
            statement = dict.fromkeys(("read_timeout", "write_timeout"), max(1, round(statement_seconds)))
            limits = {"connect_timeout": whole_seconds, **statement}
            session = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
            return {"connect_args": {"charset": "utf8mb4", "init_command": session, **limits}}
        case _:
            return {"connect_args": {"timeout": SQLITE_LOCK_SECONDS, "check_same_thread": False}}


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Switch on WAL, waiting for locks, and foreign keys."""
    connection.execute(f"PRAGMA busy_timeout = {int(SQLITE_LOCK_SECONDS * 1000)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
