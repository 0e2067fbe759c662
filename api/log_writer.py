"""Lines of the log, written by a thread of its own: a disk that is full, or a reader that hangs, costs lines and no request."""

import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable

CAPACITY = 10_000
LOOK_SECONDS = 0.01


class LineWriter:
    """Writes to a file descriptor whatever it is handed, in order, from any thread and on either side of a fork.

    What finds no room in the queue, or can't be written, is dropped and counted in ``dropped``; once lines can be written again
    one of them, made by ``tell`` from the number, says how many are missing.
    """

    def __init__(self, descriptor: int, tell: Callable[[int], bytes], capacity: int = CAPACITY) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._tell = tell
        self._capacity = capacity
        self._begin_anew()
        _all.add(self)

    def write(self, line: bytes) -> None:
        """Take one whole line with its end; never waits and never raises."""
        if len(self._lines) >= self._capacity:
            with self._lock:
                self.dropped += 1
            return
        self._lines.append(line)
        self._wake.set()
        if self._thread is None:
            self._start()

    def flush(self, seconds: float) -> bool:
        """Wait until all is written or dropped, for at most so long; says whether it is."""
        deadline = time.monotonic() + seconds
        while self._lines and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return not self._lines

    def _begin_anew(self) -> None:
        """What waits in a parent is the parent's to write, and its thread does not live in a child."""
        self._lines: deque[bytes] = deque()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._torn = False
        self._told = self.dropped

    def _start(self) -> None:
        """Where no thread can be had the lines wait for one."""
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="log", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return
            self._thread = thread

    def _run(self) -> None:
        while self._wake.wait():
            self._wake.clear()
            while self._lines:
                self._write(self._lines[0])
                self._lines.popleft()

    def _write(self, line: bytes) -> None:
        missing = self.dropped - self._told
        try:
            if missing:
                self._put(self._tell(missing))
                self._told += missing
            self._put(line)
        except OSError:
            with self._lock:
                self.dropped += 1

    def _put(self, line: bytes) -> None:
        """Write a line whole; one that was cut short by a full disk is ended first. Raises ``OSError``."""
        left = memoryview(b"\n" + line if self._torn else line)
        while left:
            try:
                written = os.write(self._descriptor, left)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
                continue
            left = left[written:]
            self._torn = bool(left)


def _begin_anew_in_child() -> None:
    for writer in list(_all):
        writer._begin_anew()


_all: "weakref.WeakSet[LineWriter]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_begin_anew_in_child)
