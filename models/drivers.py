"""What each driver calls its time limits, and how it is kept to them. The deadline of the thread shortens all of them."""

import math
import select
import sqlite3
import time
from collections.abc import Callable
from typing import Any, cast

import psycopg
from psycopg.abc import RV, PQGen, PQGenConn
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from models.deadlines import time_left

SQLITE_LOCK_SECONDS = 2.5
# PostgreSQL ends a slow statement by itself; who hears nothing from it after this much longer hears nothing more.
GRACE_SECONDS = 0.2
# How servers say that they can't now, rather than that they were asked wrongly: a standby that takes no writes, and what
# broke inside PostgreSQL, as a file that can't grow (SQLSTATE, classes 25006 and XX).
STATES = ("25006", "XX")


class NoAnswer(psycopg.OperationalError):
    """The server was silent for the whole time; the connection is closed, as an answer may still be on its way."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits for the server only so long. Its own ``statement_timeout`` is of no use while it hangs."""

    patience: float

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn["PatientConnection"]:
        """A connect has two seconds at least by psycopg; near a deadline it has less."""
        return (yield from _until(time.monotonic() + time_left(math.inf), super()._connect_gen(conninfo)))

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """The result of what was sent; raises ``NoAnswer``."""
        try:
            return super().wait(gen, interval, time_left(self.patience) if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()
            raise NoAnswer("the server does not answer") from error


def _until(ends: float, steps: PQGenConn[PatientConnection]) -> PQGenConn[PatientConnection]:
    """The same steps, given up when nothing happened by then."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > ends:
                raise NoAnswer("the server does not take a connection")
            wanted = steps.send(ready)
    except StopIteration as done:
        return cast("PatientConnection", done.value)


def driver_options(address: URL, timeout_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """The arguments of each driver; libpq takes whole seconds to connect, and at least two."""
    match address.get_backend_name():
        case "postgresql":
            milliseconds = int(statement_seconds * 1000)
            options = f"-c statement_timeout={milliseconds} -c timezone=UTC"
            limits = {"connect_timeout": max(2, round(timeout_seconds)), "keepalives_idle": 10}
            return {"connect_args": {"options": options, "tcp_user_timeout": milliseconds, **limits}}
        case "mysql" | "mariadb":
            session = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
            waits = {"read_timeout": statement_seconds, "write_timeout": statement_seconds}
            return {
                "connect_args": {
                    "charset": "utf8mb4",
                    "init_command": session,
                    "connect_timeout": timeout_seconds,
                    **waits,
                }
            }
        case _:
            return {"connect_args": {"timeout": SQLITE_LOCK_SECONDS, "check_same_thread": False}}


def keep_to_limits(engine: Engine, statement_seconds: float) -> None:
    """Have each connection of ``engine`` prepared when it is made, and looked at when it is taken from the pool."""
    match engine.dialect.name:
        case "postgresql":
            event.listen(engine, "do_connect", _connect_patiently(statement_seconds + GRACE_SECONDS))
            event.listen(engine, "checkout", _refuse_lost)
        case "mysql" | "mariadb":
            event.listen(engine, "checkout", _shorten_reads(statement_seconds))
        case _:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "checkout", _shorten_lock)


def was_silent(error: DBAPIError) -> bool:
    """Whether an error is the end of a wait, and not an answer."""
    reason = error.orig
    return isinstance(reason, NoAnswer | psycopg.errors.ConnectionTimeout) or "timed out" in str(reason)


def is_away(error: DBAPIError) -> bool:
    """Whether the server can't do now what it is asked; a connection that it lost is no defect of ours either."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(STATES)


def _connect_patiently(patience: float) -> Callable[..., PatientConnection]:
    def connect(_dialect: Any, _entry: Any, cargs: Any, cparams: Any) -> PatientConnection:
        connection = PatientConnection.connect(*cargs, **cparams)
        connection.patience = patience
        return connection

    return connect


def _refuse_lost(connection: PatientConnection, _entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """An idle connection has nothing to read, but for the server's farewell: the pool then makes another."""
    if connection.closed or _is_readable(connection.pgconn.socket):
        raise DisconnectionError("the server has ended this connection")


def _shorten_reads(seconds: float) -> Callable[..., None]:
    """PyMySQL has no public way to change a limit of time later."""

    def shorten(connection: Any, _entry: ConnectionPoolEntry, _proxy: Any) -> None:
        if connection._sock is None or _is_readable(connection._sock.fileno()):
            raise DisconnectionError("the server has ended this connection")
        connection._read_timeout = connection._write_timeout = time_left(seconds)

    return shorten


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    """Switch on WAL, waiting for locks, and foreign keys."""
    _wait_for_lock(connection, entry, SQLITE_LOCK_SECONDS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _shorten_lock(connection: sqlite3.Connection, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """In steps of a quarter of a second, so that few requests have to say so."""
    seconds = round(time_left(SQLITE_LOCK_SECONDS) * 4) / 4
    if entry.info["patience"] != seconds:
        _wait_for_lock(connection, entry, seconds)


def _wait_for_lock(connection: sqlite3.Connection, entry: ConnectionPoolEntry, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    entry.info["patience"] = seconds


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
