"""A server of our own: started in the foreground in a temporary folder, ended by its pid."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from api.embedded_redis import end_with_parent

START_SECONDS = 30


class ServerProcess:
    """One process and its log. ``user`` is whom root starts it as; ``end`` is the signal that stops it at once."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        user: str | None = None,
        end: signal.Signals = signal.SIGTERM,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ):
        self.log = log
        self._end = end
        self._process = self._begin(command, user, env, folder)

    def _begin(self, command, user, env, folder):
        return subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(self._end),  # noqa: PLW1509
            **_as_user(user),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], object]):
        """Wait until ``ready`` returns something true; any exception of it means not yet."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_running:
            with suppress(Exception):
                if ready():
                    return
            time.sleep(0.02)
        self.kill()
        said = self.log.read_text(errors="replace")[-3000:] if self.log.is_file() else ""
        pytest.exit(f"{self._process.args[0]} did not start:\n{said}", 3)

    def wait(self, timeout: float) -> int:
        """Its exit code; raises ``subprocess.TimeoutExpired``."""
        return self._process.wait(timeout=timeout)

    def stop(self):
        """End it as its users do; after a while, by force."""
        if self.is_running:
            self._process.send_signal(self._end)
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """SIGKILL to it and to all that it has started (its process group, which it leads)."""
        if self.is_running:  # or its number may be somebody else's by now
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=15)


def temporary_folder(name: str, user: str | None = None) -> Path:
    """A new folder with a short path (a unix socket's may have 107 characters), owned by ``user``."""
    folder = Path(tempfile.mkdtemp(prefix=f"dongbao-{name}-"))
    if user:
        shutil.chown(folder, user)
    return folder


def free_port() -> int:
    """A TCP port that nobody has at this moment."""
    with reserve_port() as held:
        return held.getsockname()[1]


def reserve_port(port: int = 0) -> socket.socket:
    """A free TCP port, or this one, kept from everybody but a server that is told its number, as long as the socket is open."""
    held = socket.socket()
    try:
        held.bind(("127.0.0.1", port))
    except (OSError, OverflowError):
        held.close()
        raise
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        held.setsockopt(socket.SOL_SOCKET, option, 1)
    return held


def unprivileged_user(*preferred: str) -> str | None:
    """Whom root starts a server as that refuses to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (*preferred, "nobody") if name in known)


def run(command: list[str], user: str | None = None):
    """Run a program to its end; its output ends the test run if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_as_user(user))
    if done.returncode:
        pytest.exit(f"{command[0]} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}", 3)


def runs(command: list[str], user: str | None = None) -> bool:
    """Whether a program can be run, and ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **_as_user(user)).returncode == 0
    except OSError:
        return False


def _as_user(user: str | None) -> dict:
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
