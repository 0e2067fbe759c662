"""Brings the database to the newest schema: ``python -m api.migrate``."""

import sys

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.bad_setting import BadSetting
from api.config import ROOT, Config, read_config
from models.database import connect_database

LOCK = 7091961
STATEMENT_SECONDS = 600


def migrate(config: Config) -> None:
    """Run every migration that is missing; raises ``BadSetting`` when the database can't be reached.

    Several may start at once: one migrates, in a transaction where the database has them for tables, the others wait.
    """
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(ROOT / "migrations"))
    database = connect_database(
        config.database_url, 1, config.database_timeout_seconds, statement_seconds=STATEMENT_SECONDS
    )
    try:
        with database.transaction() as connection:
            _wait_for_turn(connection)
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        raise BadSetting(f"The database of DATABASE_URL can't be used: {reason}") from error
    finally:
        database.engine.dispose()


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
