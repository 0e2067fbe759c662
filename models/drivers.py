"""What each driver calls its time limits, and how it is kept to them. The deadline of the thread shortens all of them."""

import math
import select
import socket
import sqlite3
import time
from collections.abc import Callable
from typing import Any, cast

import psycopg
import pymysql
from psycopg.abc import RV, PQGen, PQGenConn
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from models.deadlines import time_left

SQLITE_LOCK_SECONDS = 2.5
# Servers end a slow statement by themselves; who hears nothing for this much longer hears nothing more.
GRACE_SECONDS = 0.2
CUT_SHORT = "no time was left to wait for an answer"
# How servers say that they can't now, rather than that they were asked wrongly: a standby that takes no writes, and what
# broke inside PostgreSQL, as a file that can't grow (SQLSTATE, classes 25006 and XX).
STATES = ("25006", "XX")


class NoAnswer(psycopg.OperationalError):
    """The server was silent for the whole time; the connection is closed, as an answer may still be on its way."""


class CutShort(NoAnswer):
    """It was silent for less time than a statement may take: who asks had no more, and that says nothing of the server."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits for the server only so long. Its own ``statement_timeout`` is of no use while it hangs."""

    patience: float

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn["PatientConnection"]:
        """A connect has two seconds at least by psycopg; near a deadline it has less."""
        return (yield from _until(time.monotonic() + time_left(math.inf), super()._connect_gen(conninfo)))

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """The result of what was sent; raises ``NoAnswer``."""
        seconds = time_left(self.patience) if timeout is None else timeout
        try:
            return super().wait(gen, interval, seconds)
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()
            if seconds < self.patience - GRACE_SECONDS:
                raise CutShort(CUT_SHORT) from error
            raise NoAnswer("the server does not answer") from error


class PatientMysqlConnection(pymysql.connections.Connection):
    """PyMySQL's, that tells its own shortened waits from the server's silence; it has no public way to change a limit later."""

    patience: float
    server_version: str
    _sock: socket.socket | None

    def shorten(self, seconds: float) -> None:
        """Wait for so long for each answer."""
        self._read_timeout = self._write_timeout = seconds

    def query(self, sql: str | bytes, unbuffered: bool = False) -> int:
        """Each statement has what is left by then."""
        self.shorten(time_left(self.patience))
        return super().query(sql, unbuffered)

    def _read_bytes(self, num_bytes: int) -> bytes:
        try:
            return super()._read_bytes(num_bytes)  # type: ignore[misc,no-any-return]
        except pymysql.OperationalError as error:
            if "timed out" in str(error) and self._read_timeout < self.patience - GRACE_SECONDS:
                raise pymysql.OperationalError(error.args[0], CUT_SHORT) from error
            raise


class PatientSqliteConnection(sqlite3.Connection):
    """Waits for the lock only so long, in steps of a quarter of a second, so that few statements have to say so."""

    patience = SQLITE_LOCK_SECONDS

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        """For the next statement, which has what is left by then."""
        cursor = super().cursor(factory)
        seconds = round(time_left(SQLITE_LOCK_SECONDS) * 4) / 4
        if self.patience != seconds:
            cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            self.patience = seconds
        return cursor


def _until(ends: float, steps: PQGenConn[PatientConnection]) -> PQGenConn[PatientConnection]:
    """The same steps, given up when nothing happened by then."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > ends:
                raise CutShort(CUT_SHORT)
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
            connect_args = {"charset": "utf8mb4", "init_command": session, "connect_timeout": timeout_seconds}
            return {"connect_args": connect_args}
        case _:
            patient = {"factory": PatientSqliteConnection, "timeout": SQLITE_LOCK_SECONDS}
            return {"connect_args": {"check_same_thread": False, **patient}}


def keep_to_limits(engine: Engine, statement_seconds: float) -> None:
    """Have each connection of ``engine`` prepared when it is made, and looked at when it is taken from the pool."""
    match engine.dialect.name:
        case "postgresql":
            event.listen(engine, "do_connect", _connect_patiently(statement_seconds + GRACE_SECONDS))
            event.listen(engine, "checkout", _refuse_lost)
        case "mysql" | "mariadb":
            event.listen(engine, "do_connect", _connect_mysql_patiently(statement_seconds))
            event.listen(engine, "checkout", _refuse_lost_mysql)
        case _:
            event.listen(engine, "connect", _prepare_sqlite)


def was_silent(error: DBAPIError) -> bool:
    """Whether an error is the end of a wait in which the server should have answered."""
    reason = error.orig
    ended = isinstance(reason, NoAnswer | psycopg.errors.ConnectionTimeout) or "timed out" in str(reason)
    return ended and not was_cut_short(error)


def was_cut_short(error: DBAPIError) -> bool:
    """Whether an error is the end of a wait that was too short to tell anything of the server."""
    return CUT_SHORT in str(error.orig)


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


def _refuse_lost_mysql(connection: PatientMysqlConnection, _entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """The same."""
    if connection._sock is None or _is_readable(connection._sock.fileno()):
        raise DisconnectionError("the server has ended this connection")


def _connect_mysql_patiently(statement_seconds: float) -> Callable[..., PatientMysqlConnection]:
    def connect(_dialect: Any, _entry: Any, cargs: Any, cparams: Any) -> PatientMysqlConnection:
        seconds = time_left(statement_seconds)
        connection = PatientMysqlConnection(*cargs, **cparams, defer_connect=True)
        connection.patience = statement_seconds
        connection.connect_timeout = min(cparams["connect_timeout"], seconds)
        connection.shorten(seconds)
        connection.connect()
        connection.query(
            _mysql_limits(connection.server_version, max(GRACE_SECONDS, statement_seconds - GRACE_SECONDS))
        )
        return connection

    return connect


def _mysql_limits(version: str, seconds: float) -> str:
    """Have the server itself end what takes too long, so that nothing of it is carried out when nobody waits any more.

    MySQL limits only what reads so; a wait for a lock has whole seconds, and ends up to a second late.
    """
    if "MariaDB" in version:
        return f"SET SESSION max_statement_time = {seconds}, innodb_lock_wait_timeout = {math.ceil(seconds)}"
    whole = max(1, math.ceil(seconds) - 1)
    locks = f"innodb_lock_wait_timeout = {whole}, lock_wait_timeout = {whole}"
    return f"SET SESSION max_execution_time = {int(seconds * 1000)}, {locks}"


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Switch on WAL and foreign keys."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
