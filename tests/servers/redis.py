"""A private Redis, on a unix socket and, where asked for, on a TCP port."""

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest
from redis import Redis

from api.bad_setting import BadSetting
from api.embedded_redis import find_redis_server
from tests.servers.process import ServerProcess, reserve_port, temporary_folder


class RedisServer:
    """Nothing is kept on disk. It can be stopped and started again at the same address; ``held`` is its port, reserved."""

    def __init__(self, *options: str, tcp: bool = False, held: socket.socket | None = None):
        self.folder = temporary_folder("redis")
        self.socket = self.folder / "redis.sock"
        self._held = held or (reserve_port() if tcp else None)
        self.port = self._held.getsockname()[1] if self._held else 0
        self.data = self.folder / "data"
        self.url = f"unix://{self.socket}"
        self.tcp_url = f"redis://127.0.0.1:{self.port}/0" if self.port else None
        self._options = options
        self.start()

    def start(self):
        self.data.mkdir(exist_ok=True)
        self._process = ServerProcess(
            [
                *(program(), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--unixsocket", str(self.socket), "--dir", str(self.data)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no", *self._options),
            ],
            Path(self.folder / "redis.log"),
            end=signal.SIGTERM,
        )
        self._process.wait_until(self.connect().ping)

    def connect(self) -> Redis:
        return Redis(unix_socket_path=str(self.socket))

    def stop(self):
        self._process.kill()
        self.socket.unlink(missing_ok=True)

    def freeze(self):
        """It hangs: connections are taken, and nothing is answered."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def remove(self):
        """Stop it and delete its folder."""
        self.stop()
        if self._held:
            self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def program() -> str:
    """Where redis-server is."""
    try:
        return find_redis_server()
    except BadSetting as sentence:
        pytest.exit(str(sentence), 3)
