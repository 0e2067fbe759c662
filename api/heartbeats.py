"""Replaces workers that hang: the HTTP server notices only those that end."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.sharedctypes import RawArray
from typing import Any

BEAT_SECONDS = 0.5
PATIENCE_SECONDS = 10


class Heartbeats:
    """One number per worker, in memory that all processes share: when it was last seen alive."""

    def __init__(self, workers: int) -> None:
        self._beats = RawArray(ctypes.c_double, workers)

    def beat(self, index: int) -> None:
        """In a worker: start a thread that says, again and again, that the interpreter runs."""
        self._in_background(lambda: self._mark(index))

    def watch(self, workers: Callable[[], Iterable[Any]]) -> None:
        """In the parent: start a thread that kills a worker that was silent too long; the server starts another."""
        self._in_background(lambda: self._kill_silent(workers()))

    def _mark(self, index: int) -> None:
        self._beats[index] = time.monotonic()

    def _kill_silent(self, workers: Iterable[Any]) -> None:
        for worker in list(workers):
            silence = time.monotonic() - max(self._beats[worker.idx], worker.birth)
            if silence > PATIENCE_SECONDS and worker.inner.is_alive():
                with suppress(ProcessLookupError):
                    os.kill(worker.inner.pid, signal.SIGKILL)

    @staticmethod
    def _in_background(act: Callable[[], None]) -> None:
        def repeat() -> None:
            while True:
                act()
                time.sleep(BEAT_SECONDS)

        threading.Thread(target=repeat, name="heartbeats", daemon=True).start()
