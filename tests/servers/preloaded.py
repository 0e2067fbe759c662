"""The application as a process tree of its own, forked from a process that has imported it already.

What runs is what ``python -m api.serve`` runs, with an environment, a session and a log of its own. Importing takes two thirds of
the work of a start, and the suite starts the server some two hundred times.
"""

import atexit
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from api.embedded_redis import end_with_parent
from tests.servers.process import ServerProcess

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.servers.preloaded", "api.serve"])


class PreloadedServer:
    """As much of ``subprocess.Popen`` as ``ServerProcess`` needs."""

    args = ("api.serve",)

    def __init__(self, log: Path, env: Mapping[str, str], folder: Path):
        self._process = FORKS.Process(target=_serve, args=(str(log), dict(env), str(folder)))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals):
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit code; raises ``subprocess.TimeoutExpired``."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self._process.exitcode


class PreloadedProcess(ServerProcess):
    """``python -m api.serve``, whatever the command."""

    def _begin(self, command, user, env, folder):
        return PreloadedServer(self.log, env, folder)


def _serve(log: str, env: dict[str, str], folder: str):
    """Become what a shell would have started; never returns with anything but an exit code."""
    os.setsid()
    end_with_parent(signal.SIGTERM)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    multiprocessing.set_start_method(None, force=True)
    from api.serve import main

    try:
        main()
    finally:
        # A forked process has no end of its interpreter.
        atexit._run_exitfuncs()
