"""The application itself: ``python -m api.serve`` as a process tree of its own."""

import shutil
import sys
from contextlib import suppress
from http.client import HTTPException
from typing import Any, ClassVar
from urllib.request import urlopen

import psutil

from api.config import ROOT
from tests.secrecy import ATTEMPT, KEPT_NOWHERE, lying_in, lying_in_whole_log
from tests.servers.preloaded import PreloadedProcess
from tests.servers.process import ServerProcess, reserve_port, temporary_folder
from tests.settings import environment

DEFAULTS = {"WORKERS": 2, "THREADS": 8}


class LiveServer:
    """A server on a free port with an instance folder of its own; its port stays the same over restarts.

    What it says, and what it has counted when it is stopped, is looked through for secrets (R7).
    """

    all: ClassVar[list["LiveServer"]] = []

    def __init__(self, database_url: str, redis_url: str):
        self.database_url = database_url
        self.redis_url = redis_url
        self.folder = temporary_folder("live")
        self._held = reserve_port()
        self.port = self._held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = self.folder / "server.log"
        self.settings: dict[str, object] = {}
        self._process: ServerProcess | None = None
        self._looked_at = 0
        self._metrics = ""
        LiveServer.all.append(self)

    @property
    def log(self) -> str:
        """All that the server has printed, over all its restarts."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def log_size(self) -> int:
        """In bytes; 0 before the first start, and where it is no file that can be read again."""
        return self._log.stat().st_size if self._log.is_file() else 0

    def log_from(self, start: int) -> str:
        """What was printed since the log had ``start`` bytes."""
        with self._log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    @property
    def pid(self) -> int:
        """The parent of the workers."""
        return self._process.pid

    def start(self, **settings: object):
        """Start it with the tests' settings and these; returns when it is ready."""
        self.settings = settings
        env = environment(self.folder, self.database_url, self.redis_url, PORT=self.port, **(DEFAULTS | settings))
        kind = ServerProcess if "LD_PRELOAD" in env else PreloadedProcess
        self._process = kind([sys.executable, "-m", "api.serve"], self._log, env=env, folder=ROOT)
        self._process.wait_until(self._is_ready)

    def stop(self):
        """SIGTERM, and wait for its end; one that a test has just killed may not be known to have ended yet."""
        if self._process and self._process.is_running:
            with suppress(OSError, HTTPException):
                self._metrics += self._scrape()
            self._process.stop()

    def kill(self):
        """SIGKILL to the whole tree."""
        tree = self.workers()
        self._process.kill()
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(tree, timeout=10)

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests, and the helpers of their parent."""
        return psutil.Process(self.pid).children(recursive=True)

    def restart(self, **settings: object):
        self.stop()
        self.start(**settings)

    def have(self, **settings: object):
        """Let it run with the tests' settings and these: started, or started anew, unless it does already."""
        if not (self._process and self._process.is_running) or self.settings != settings:
            self.restart(**settings)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended; raises ``subprocess.TimeoutExpired``."""
        return self._process.wait(timeout)

    def look_from_now(self):
        """Leave what was said so far to those who looked before."""
        self._looked_at = self.log_size

    def lies(self) -> list[tuple[str, ...]]:
        """Secrets of the test that runs in what was said since somebody looked."""
        said = self.log_from(self._looked_at) if self.log_size else ""
        return lying_in(said, (*KEPT_NOWHERE, ATTEMPT))

    def remove(self):
        """Stop it and delete its folder; fails where a secret of any test lay in its log or its metrics."""
        self.stop()
        LiveServer.all.remove(self)
        lies: list[Any] = [*self.lies(), *lying_in_whole_log((self.log if self.log_size else "") + self._metrics)]
        self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert lies == [], lies

    def _scrape(self) -> str:
        """What ``/metrics`` says."""
        with urlopen(f"{self.url}/metrics", timeout=20) as answer:
            return answer.read().decode()

    def _is_ready(self) -> bool:
        with urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return answer.status == 200
