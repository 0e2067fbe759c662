"""A private MariaDB, as Debian packages it."""

import os
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

from tests.servers.process import ServerProcess, run, temporary_folder

MISSING = "There is no MariaDB: apt-get install mariadb-server."


class MariadbServer:
    """On a unix socket only; nothing is synced to the disk. The database has the server's own collation."""

    def __init__(self, *options: str):
        self._options = options
        installer, self._server = _program("mariadb-install-db", "mysql_install_db"), _program("mariadbd", "mysqld")
        self.folder = temporary_folder("mariadb")
        self.socket = self.folder / "mariadb.sock"
        self.url = f"mysql+pymysql://root@localhost/dongbao?unix_socket={self.socket}"
        run(
            [
                *(installer, "--no-defaults", *_as_root()),
                *(f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"),
                *("--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"),
            ]
        )
        self.start()
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE dongbao CHARACTER SET utf8mb4")

    def start(self):
        self._process = ServerProcess(
            [
                *(self._server, "--no-defaults", *_as_root(), f"--datadir={self.folder / 'data'}"),
                *(f"--socket={self.socket}", "--skip-networking", "--max-connections=300"),
                *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--sync-binlog=0"),
                *self._options,
            ],
            Path(self.folder / "mariadb.log"),
            end=signal.SIGKILL,
        )
        self._process.wait_until(self.connect)

    def stop(self):
        self._process.stop()

    @contextmanager
    def frozen(self):
        """It takes connections and says nothing, as a host does whose disk hangs."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def remove(self):
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self) -> pymysql.Connection:
        """A connection beside the application's."""
        return pymysql.connect(unix_socket=str(self.socket), user="root")


def _program(*names: str) -> str:
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = next((path for name in names if (path := shutil.which(name, path=places))), None)
    if found is None:
        pytest.exit(MISSING, 3)
    return found


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []
