"""Work that a reply does not wait for."""

import queue
import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

CAPACITY = 1000
IDLE_SECONDS = 1.0


class Background:
    """Runs what it is given, one after the other, in a thread that lives while there is work.

    What does not fit into the queue is dropped and counted, so that a flood costs memory no more than time. The thread is
    started with the first work: a server may fork after this was made.
    """

    def __init__(self, name: str, log: FilteringBoundLogger) -> None:
        self.dropped = 0
        self._name = name
        self._log = log
        self._work: queue.Queue[Callable[[], object]] = queue.Queue(CAPACITY)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], object]) -> None:
        """Run ``work`` soon; what it raises is logged by its type."""
        try:
            self._work.put_nowait(work)
        except queue.Full:
            self.dropped += 1
            if str(self.dropped).strip("0") == "1":
                self._log.warning("work_dropped", queue=self._name, dropped=self.dropped)
            return
        with self._lock:
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        """Where the system has no thread to give, the work waits for the next that comes."""
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._log.error("thread_refused", queue=self._name)
        else:
            self._thread = thread

    def _run(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._work.empty():
                        self._thread = None
                        return
                continue
            try:
                work()
            except Exception as error:
                self._log.error("work_failed", queue=self._name, error=type(error).__name__)
