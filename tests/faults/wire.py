"""A wire between the application and its database or Redis: it can go dead or slow, and break between a commit and its reply."""

import contextlib
import socket
import threading
import time
from pathlib import Path

from tests.servers.postgres import PostgresServer
from tests.waiting import wait_until


class Wire:
    """Carries bytes between a port on loopback and a unix socket; listens as long as it is.

    ``break_after(words)`` lets the next message with these words through, and its reply no more: what it did is done, and who
    asked for it doesn't know. It may have to be of a connection that carried other words ``before``. ``dead`` carries nothing, and says nothing of it;
    ``slow`` carries each answer so many seconds later. ``lead_to`` is for connections to come: those that are there stay where they are.
    ``carried`` are the ends of connections that nobody has ended, or whose end the application may not have heard of yet.
    """

    def __init__(self, far_end: Path):
        self.broken = threading.Event()
        self.carried: set[socket.socket] = set()
        self._far_end = far_end
        self._fatal: bytes | None = None
        self._before = b""
        self._delay = 0.0
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def break_after(self, words: str, before: str = ""):
        self.broken.clear()
        self._before = before.encode()
        self._fatal = words.encode()

    @contextlib.contextmanager
    def dead(self):
        self._whole.clear()
        try:
            yield
        finally:
            self._whole.set()

    @contextlib.contextmanager
    def slow(self, seconds: float):
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    def lead_to(self, far_end: Path):
        self._far_end = far_end

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket):
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(str(self._far_end))
        except OSError:
            near.close()
            return
        self.carried.add(near)
        threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
        self._pump(near, far, is_question=True)
        self.carried.discard(near)

    def _pump(self, source: socket.socket, target: socket.socket, is_question: bool = False):
        carried_those_before = False
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                carried_those_before = carried_those_before or self._before in data
                if not self._whole.is_set():
                    self._whole.wait()
                    break
                if is_question and carried_those_before and self._fatal and self._fatal in data:
                    self._fatal = None
                    self._end_unheard(source, target, data)
                    break
                if self._delay and not is_question:
                    time.sleep(self._delay)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _end_unheard(self, asking: socket.socket, answering: socket.socket, question: bytes):
        """The reply is lost: the asking end is shut before the question is put, and the answer waited for."""
        asking.shutdown(socket.SHUT_RDWR)
        answering.sendall(question)
        threading.Event().wait(0.3)
        self.broken.set()


def end_connections(postgres: PostgresServer, wire: Wire) -> int:
    """Have the server end all connections, and the application hear of it; says how many there were."""
    before = set(wire.carried)
    ended = postgres.end_connections()
    wait_until(lambda: not before & wire.carried, "the end of each connection")
    return ended
