"""Migrations while a server works, on a schema that is newer or older than the server's, and several at once."""

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from api.config import ROOT
from api.migrate import SCRIPTS, migrate
from tests.faults.load import Load
from tests.parallel import in_parallel
from tests.servers.process import reserve_port
from tests.settings import environment

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade():
    op.add_column("users", sa.Column("nickname", sa.String(60)))
    op.create_index("ix_users_nickname", "users", ["nickname"])
"""


@pytest.fixture
def next_release(tmp_path):
    """The folder of migrations as the next release may have it: a column and an index more."""
    scripts = shutil.copytree(SCRIPTS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    newest = max(path.name[:4] for path in (scripts / "versions").glob("[0-9]*.py"))
    (scripts / "versions" / "9999_nickname.py").write_text(NEXT.format(newest=newest))
    return scripts


@pytest.fixture
def at(config, postgres):
    """The settings for a database of PostgreSQL, by name."""
    return lambda name="postgres": replace(config, database_url=postgres.url.replace("/postgres?", f"/{name}?"))


@pytest.fixture
def undone(postgres):
    """Afterwards the schema is ours again."""
    with postgres.connect() as beside:
        before = beside.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        yield
        beside.execute("ALTER TABLE users DROP COLUMN IF EXISTS nickname")
        beside.execute("UPDATE alembic_version SET version_num = %s", (before,))


def test_a_migration_while_the_old_release_serves(postgres, shop, visitor, at, next_release, undone):
    """No request fails, though a long transaction makes the migration wait; and the old release starts on the new schema."""
    visitor.register()
    with postgres.connect() as beside, Load([visitor], shop) as load:
        with beside.transaction():
            beside.execute("SELECT count(*) FROM users")
            migration = threading.Thread(target=migrate, args=(at(), next_release))
            migration.start()
            time.sleep(2.5)
            assert migration.is_alive(), "nothing made it wait"
        migration.join()
        assert beside.execute("SELECT count(nickname) FROM users").fetchone() == (0,)
        time.sleep(0.2)
    assert load.broken == []
    assert set(load.statuses) == {200}
    assert load.slowest < 4
    shop.restart(DATABASE_TIMEOUT_SECONDS=2)
    assert "schema_is_newer" in shop.log
    assert visitor.try_login().status == 200


def test_many_migrate_at_once_and_nobody_serves_an_old_schema(postgres, at, tmp_path, redis_url):
    """One of eight makes the tables, the others find them; a server that may not make them says what to do."""
    with postgres.connect() as beside:
        beside.execute("CREATE DATABASE empty")
    refused = _serve(at("empty").database_url, tmp_path, redis_url, MIGRATE="off")
    assert (refused.returncode, "older schema" in refused.stderr) == (1, True)
    in_parallel(8, lambda _: migrate(at("empty")))
    with postgres.connect() as beside:
        beside.execute("DROP DATABASE empty WITH (FORCE)")


def _serve(database_url, folder, redis_url, **settings):
    command = [sys.executable, "-m", "api.serve"]
    with reserve_port() as held:
        env = environment(folder, database_url, redis_url, PORT=held.getsockname()[1], **settings)
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
