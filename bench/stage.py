"""What is measured: private PostgreSQL and Redis, the server, and the empty server beside it."""

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

from api.config import ROOT, Config, read_config
from bench.cpu import cpu_seconds
from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerProcess, free_port, temporary_folder
from tests.servers.redis import RedisServer
from tests.settings import KEPT, environment_of

SECRET = "a-secret-of-the-benchmark-that-is-long-enough-0123456789"
MANY = 100_000_000
# Every limit is counted as by default: the same windows, with numbers that nobody reaches.
LIMITS = {
    "LIMIT_SMS_PER_ADDRESS": f"{MANY}/minute;{MANY}/hour",
    "LIMIT_REGISTER_PER_ADDRESS": f"{MANY}/minute;{MANY}/hour",
    "LIMIT_LOGIN_PER_ADDRESS": f"{MANY}/minute",
    "LIMIT_LOGIN_PER_ACCOUNT": f"{MANY}/minute;{MANY}/hour",
    "LIMIT_REFRESH_PER_ADDRESS": f"{MANY}/minute",
    # All orders come from one address, which would be asked for work after ten.
    "CHALLENGE": "off",
}


class Stage:
    """All the processes; ``with Stage(workers) as stage`` ends them. ``settings`` override its own."""

    def __init__(self, workers: int, **settings: object) -> None:
        with ExitStack() as parts:
            self.folder = temporary_folder("bench")
            parts.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._postgres, self._redis = PostgresServer(), RedisServer()
            parts.callback(self._postgres.remove)
            parts.callback(self._redis.remove)
            self._settings = {
                **{name: os.environ[name] for name in KEPT if name in os.environ},
                **{
                    name: value for name, value in os.environ.items() if name.startswith(("ARGON2_", "HASH_", "TOKEN_"))
                },
                **LIMITS,
                "SECRET_KEYS": SECRET,
                "INSTANCE_DIR": str(self.folder),
                "DATABASE_URL": self._postgres.url,
                "REDIS_URL": self._redis.url,
                "WORKERS": str(workers),
                "JOBS": "off",
                "LOG_FORMAT": "json",
                **{name: str(value) for name, value in settings.items()},
            }
            self.config = self._read_config()
            self.server = self._start("api.serve", "/readyz", parts)
            self.empty = self._start("bench.empty", "/v1/me", parts)
            self.url, self.empty_url = (f"http://127.0.0.1:{port}" for _, port in (self.server, self.empty))
            self._parts = parts.pop_all()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by process tree."""
        with self._redis.connect() as redis:
            redis_pid = redis.info("server")["process_id"]
        postgres_pid = int((self._postgres.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        roots = {
            "server": self.server[0].pid,
            "empty": self.empty[0].pid,
            "redis": redis_pid,
            "postgresql": postgres_pid,
        }
        return {name: cpu_seconds(pid) for name, pid in roots.items()}

    def errors(self) -> list[str]:
        """The last lines of the server's log that tell of an error."""
        lines = self.server[0].log.read_text("utf-8", errors="replace").splitlines()
        return [line for line in lines if "error" in line][-10:]

    def _read_config(self) -> Config:
        with environment_of(self._settings):
            return read_config()

    def _start(self, module: str, ready: str, parts: ExitStack) -> tuple[ServerProcess, int]:
        port = free_port()
        process = ServerProcess(
            [sys.executable, "-m", module],
            Path(self.folder / f"{module}.log"),
            env=self._settings | {"PORT": str(port)},
            folder=ROOT,
        )
        parts.callback(process.kill)
        parts.callback(process.stop)
        process.wait_until(lambda: urlopen(f"http://127.0.0.1:{port}{ready}", timeout=2).status == 200)
        return process, port
