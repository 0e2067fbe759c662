"""A proxy on loopback between the application and Redis, which cuts a connection in the place of one reply."""

import select
import socket
import threading
from contextlib import suppress
from pathlib import Path

from tests.servers.process import temporary_folder


class CuttingProxy:
    """Forwards to the unix socket ``to``. After ``cut(word)`` the next command with ``word`` is done, and its reply lost."""

    def __init__(self, to: Path):
        self._to = str(to)
        self._word: bytes | None = None
        self.cuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        path = temporary_folder("cut") / "redis.sock"
        self._listener.bind(str(path))
        self._listener.listen()
        self.url = f"unix://{path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, word: bytes):
        self._word = word

    def close(self):
        self._listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket):
        """One command at a time, as our client talks; a reply may come in parts."""
        with suppress(OSError), near, socket.socket(socket.AF_UNIX) as far:
            far.connect(self._to)
            while True:
                for source in select.select([near, far], [], [])[0]:
                    if not (data := source.recv(65536)):
                        return
                    if source is near:
                        command = data
                    elif self._word and self._word in command and not data.startswith(b"-NOSCRIPT"):
                        self._word = None
                        self.cuts += 1
                        return
                    (far if source is near else near).sendall(data)
