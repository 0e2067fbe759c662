"""Databases that are backed up, lost, and restored by the very commands of docs/operations/backup.md."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from api.config import ROOT, Config
from api.migrate import migrate
from tests.docs.markdown import read, shell_blocks
from tests.servers.postgres import PostgresServer, find_programs

PAGE = "docs/operations/backup.md"
IN_COMPOSE = "docker compose exec -T postgres "


def command(beginning: str) -> str:
    """The one line of the page that begins so."""
    (line,) = (line for block in shell_blocks(read(PAGE)) for line in block.splitlines() if line.startswith(beginning))
    return line


def run(line: str, folder: Path, **env: str):
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class SqliteCopy:
    """``instance/dongbao.sqlite3`` in a folder of its own."""

    def __init__(self, config: Config, folder: Path):
        self._folder = folder
        self._file = folder / "instance" / "dongbao.sqlite3"
        self._file.parent.mkdir()
        self.url = f"sqlite:///{self._file}"
        migrate(replace(config, database_url=self.url))

    def back_up(self):
        run(command("python3 -c"), self._folder)

    def lose_and_restore(self):
        for file in self._file.parent.glob("dongbao.sqlite3*"):
            file.unlink()
        run(command("cp "), self._folder)


class PostgresCopy:
    """The database of compose.yaml: its owner migrates, and the nodes have the role of deploy/postgres/roles.sh."""

    def __init__(self, config: Config, folder: Path, server: PostgresServer):
        self._folder = folder
        self._server = server
        programs = find_programs(None, folder)
        self._env = {"PATH": f"{programs}:{os.environ['PATH']}", "PGHOST": str(server.folder)}
        self.url = f"postgresql+psycopg://accounts@/accounts?host={server.folder}"
        with server.connect() as beside:
            beside.execute("CREATE ROLE owner SUPERUSER LOGIN")
        self._create()
        names = {"POSTGRES_USER": "owner", "POSTGRES_DB": "accounts", "DATABASE_PASSWORD": 'it\'s "d"'}
        run(str(ROOT / "deploy/postgres/roles.sh"), folder, **self._env, **names)
        migrate(replace(config, database_url=self.url.replace("accounts@", "owner@")))

    def back_up(self):
        run(command(f"{IN_COMPOSE}pg_dump").removeprefix(IN_COMPOSE), self._folder, **self._env)

    def lose_and_restore(self):
        with self._server.connect() as beside:
            beside.execute("DROP DATABASE accounts WITH (FORCE)")
        self._create()
        run(command(f"{IN_COMPOSE}pg_restore").removeprefix(IN_COMPOSE), self._folder, **self._env)

    def _create(self):
        with self._server.connect() as beside:
            beside.execute("CREATE DATABASE accounts OWNER owner")


def has_password(server: PostgresServer, role: str) -> bool:
    with server.connect() as beside:
        (digest,) = beside.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role,)).fetchone()
    return bool(re.match(r"SCRAM-SHA-256\$", digest or ""))
