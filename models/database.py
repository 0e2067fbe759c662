"""One engine, two ways in: ``connection`` for single statements, ``transaction`` for several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, make_url, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.deadlines import has_deadline, time_left
from models.drivers import driver_options, keep_to_limits, was_cut_short, was_silent
from models.now import Now
from models.outages import Outages
from models.places import Places

# A request waits half of its time for a connection, or what is left of it; work that nobody waits for has all of it.
CROWDED = 2


class Database:
    """Access to one database, the same on SQLite, PostgreSQL and MySQL.

    Connections commit each statement by itself; a transaction is begun and ended in so many words. So a single statement,
    which is what most requests need, costs one round trip and not three.

    There are ``places`` connections; ``patience`` is how many seconds one may be waited for, in a request half of that.
    """

    def __init__(self, engine: Engine, places: int, patience: float) -> None:
        self.engine = engine
        self._patience = patience
        self._places = Places(places, patience / CROWDED)
        self._outages = Outages()
        # A deferred transaction of SQLite that upgrades late fails at once instead of waiting for the lock.
        self._begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN"

    @property
    def is_left_alone(self) -> bool:
        """Whether it was silent so often that it is hardly asked now."""
        return self._outages.is_open

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for statements that each stand alone; raises ``SQLAlchemyError`` where there is none in time."""
        self._outages.enter()
        self._places.take(time_left(self._patience / CROWDED) if has_deadline() else self._patience)
        tell: Callable[[], object] = self._outages.answered
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            if was_cut_short(error):
                tell = bool  # there is nothing to tell
            elif was_silent(error):
                tell = self._outages.was_silent
            raise
        finally:
            tell()
            self._places.give_back()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose statements are committed together when the block ends, or not at all when it raises."""
        with self.connection() as connection:
            connection.exec_driver_sql(self._begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    def now(self) -> float:
        """The database's own time, in Unix seconds."""
        with self.connection() as connection:
            return connection.execute(select(Now())).scalar_one().timestamp()


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
    address, statement_seconds = make_url(url), statement_seconds or timeout_seconds
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout_seconds,
        pool_recycle=1800,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,  # there is nothing to roll back; MySQL would be asked to
        hide_parameters=True,
        **driver_options(address, timeout_seconds, statement_seconds),
    )
    keep_to_limits(engine, statement_seconds)
    return Database(engine, pool_size, timeout_seconds)
