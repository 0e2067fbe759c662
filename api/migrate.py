"""Brings the database to the newest schema: ``python -m api.migrate``."""

import sys

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy.exc import SQLAlchemyError

from api.config import ROOT, BadSetting, Config, read_config
from models.database import connect_database


def migrate(config: Config) -> None:
    """Run every migration that is missing; raises ``BadSetting`` when the database can't be reached."""
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(ROOT / "migrations"))
    database = connect_database(config.database_url, 1, config.database_timeout_seconds)
    try:
        with database.engine.connect() as connection:
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
            connection.commit()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise BadSetting(f"The database of DATABASE_URL can't be used: {reason}") from error
    finally:
        database.engine.dispose()


if __name__ == "__main__":
    try:
        migrate(read_config())
    except BadSetting as sentence:
        sys.exit(str(sentence))
