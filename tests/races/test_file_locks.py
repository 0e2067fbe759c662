"""The locks of SQLite are those of the process: what else the process does with the file must leave them alone."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from api.slow_clients import _cut_late
from tests.servers.process import free_port

pytestmark = pytest.mark.one_database

WRITE_ELSEWHERE = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('INSERT INTO t VALUES (2)')"


def test_a_look_at_the_connections_drops_no_lock(tmp_path):
    """R21, F13: whoever closes any copy of a file's descriptor drops its locks; two processes then write over each other."""
    path = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in (
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE t (n)",
            "BEGIN IMMEDIATE",
            "INSERT INTO t VALUES (1)",
        ):
            database.execute(statement)
        _cut_late(free_port(), 60, {})
        writer = subprocess.run(
            [sys.executable, "-c", WRITE_ELSEWHERE, str(path)], capture_output=True, text=True, check=False
        )
        assert "database is locked" in writer.stderr
        database.execute("COMMIT")
        assert database.execute("SELECT n FROM t").fetchall() == [(1,)]
