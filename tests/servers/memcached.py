"""A private memcached on a TCP port, as Debian packages it."""

import os
import shutil
import signal
import socket

import pytest

from tests.servers.process import ServerProcess, reserve_port, temporary_folder

MISSING = "There is no memcached: apt-get install memcached."


class MemcachedServer:
    """It can be stopped and started again at the same port."""

    def __init__(self):
        self.folder = temporary_folder("memcached")
        self._held = reserve_port()
        self.port = self._held.getsockname()[1]
        self.url = f"memcached://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        program = shutil.which("memcached")
        if program is None:
            pytest.exit(MISSING, 3)
        as_root = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [program, "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-m", "8", "-t", "1", *as_root]
        self._process = ServerProcess(command, self.folder / "memcached.log")
        self._process.wait_until(self._answers)

    def stop(self):
        self._process.kill()

    def freeze(self):
        """It hangs: connections are taken, and nothing is answered."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def remove(self):
        """Stop it and delete its folder."""
        self.stop()
        self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"version\r\n")
            return connection.recv(64).startswith(b"VERSION")
