"""Brings the database to the newest schema: ``python -m api.migrate``."""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.bad_setting import BadSetting
from api.config import ROOT, Config, read_config
from models.database import Database, connect_database

LOCK = 7091961
STATEMENT_SECONDS = 600
# PostgreSQL lets nobody read a table that somebody waits to change: so each wait is short, and tried again.
LOCK_MILLISECONDS = 1000
TRIES = 60
LOCK_NOT_AVAILABLE = "55P03"
SCRIPTS = ROOT / "migrations"


def migrate(config: Config, scripts: Path = SCRIPTS) -> None:
    """Run every migration that is missing; raises ``BadSetting`` when the database can't be reached, or is always in use.

    Several may start at once: one migrates, in a transaction where the database has them for tables, the others wait. A
    schema that is newer than this release is left as it is.
    """
    with _reached(config) as database:
        for _ in range(TRIES):
            try:
                return _upgrade(database, scripts)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
            time.sleep(random.uniform(0.5, 1.5))  # noqa: S311
    raise BadSetting("A long transaction holds a table that has to be changed; end it, or start again when it is over.")


def refuse_old_schema(config: Config, scripts: Path = SCRIPTS) -> None:
    """Raise ``BadSetting`` where a migration is missing."""
    with _reached(config) as database, database.connection() as connection:
        if _is_missing_something(connection, _alembic(scripts)):
            raise BadSetting("The database has an older schema than this release needs; run `make migrate` first.")


@contextmanager
def _reached(config: Config) -> Iterator[Database]:
    database = connect_database(
        config.database_url, 1, config.database_timeout_seconds, statement_seconds=STATEMENT_SECONDS
    )
    try:
        yield database
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        raise BadSetting(f"The database of DATABASE_URL can't be used: {reason}") from error
    finally:
        database.engine.dispose()


def _alembic(scripts: Path) -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(scripts))
    return alembic


def _upgrade(database: Database, scripts: Path) -> None:
    alembic = _alembic(scripts)
    with database.transaction() as connection:
        _wait_for_turn(connection)
        if _is_missing_something(connection, alembic):
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")


def _is_missing_something(connection: Connection, alembic: AlembicConfig) -> bool:
    """Whether the schema is older than ours; revisions are numbers, so that one that we don't know can be newer.

    Raises ``BadSetting`` for one that is neither ours nor newer.
    """
    script = ScriptDirectory.from_config(alembic)
    known, newest = {revision.revision for revision in script.walk_revisions()}, script.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or current in known:
        return current != newest
    if not (current.isdigit() and current > newest):
        raise BadSetting(f"The database has a schema that is not ours: {current}.")
    structlog.get_logger().warning("schema_is_newer", schema=current, known=newest)
    return False


def _wait_for_turn(connection: Connection) -> None:
    """Take the lock of migrations, which goes with the transaction or the connection; SQLite's own is taken already."""
    match connection.dialect.name:
        case "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        case "mysql" | "mariadb":
            if not connection.exec_driver_sql(f"SELECT GET_LOCK('dongbao-{LOCK}', {STATEMENT_SECONDS // 2})").scalar():
                raise BadSetting("Another server migrates the database and does not end; try again later.")


if __name__ == "__main__":
    try:
        migrate(read_config())
    except BadSetting as sentence:
        sys.exit(str(sentence))
