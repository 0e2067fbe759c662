"""Work that a reply does not wait for."""

import os
import queue
import threading
import time
import weakref
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from services.request_ids import current_request_id, on_behalf_of

CAPACITY = 1000
IDLE_SECONDS = 1.0
LOOK_SECONDS = 0.02


class Background:
    """Runs what it is given, one after the other and in the name of the request that gave it, in a thread that lives while there is work.

    ``pause_seconds`` lie at least between submission and work: it then takes no time from the reply that is just being made.

    What does not fit into the queue is dropped and counted, so that a flood costs memory no more than time. The thread is
    started with the first work, and anew where it is gone: a server may fork after this was made. What waits when the process
    ends is lost, but for what ``drain`` waits for; what must not be lost is a row before it is work here.
    """

    def __init__(
        self, name: str, log: FilteringBoundLogger, *, pause_seconds: float = 0, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self.dropped = 0
        self._name = name
        self._log = log
        self._pause_seconds = pause_seconds
        self._idle_seconds = idle_seconds
        self._begin_anew()
        _all.add(self)

    def submit(self, work: Callable[[], object]) -> bool:
        """Run ``work`` soon; what it raises is logged by its type. Says whether there is a thread that will."""
        with self._lock:
            try:
                self._work.put_nowait((time.monotonic() + self._pause_seconds, current_request_id(), work))
            except queue.Full:
                self.dropped += 1
                dropped = self.dropped
            else:
                return self._keep_running()
        if str(dropped).strip("0") == "1":
            self._log.warning("work_dropped", queue=self._name, dropped=dropped)
        return False

    def is_idle(self) -> bool:
        """Whether all that was submitted is done."""
        return self._work.unfinished_tasks == 0

    def _begin_anew(self) -> None:
        self._work: queue.Queue[tuple[float, str, Callable[[], object]]] = queue.Queue(CAPACITY)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def _keep_running(self) -> bool:
        """Where no thread can be had, and this says so, the work waits for the next that is submitted."""
        if self._thread is not None and self._thread.is_alive():
            return True
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._log.error("no_thread", queue=self._name)
            return False
        self._thread = thread
        return True

    def _run(self) -> None:
        while True:
            try:
                due, request_id, work = self._work.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    if self._work.empty():
                        self._thread = None
                        return
                continue
            try:
                time.sleep(max(0, due - time.monotonic()))
                with on_behalf_of(request_id):
                    self._do(work)
            finally:
                self._work.task_done()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._log.error("work_failed", queue=self._name, error=type(error).__name__)


def drain(seconds: float) -> bool:
    """Wait until all that was submitted in this process is done, for at most so long; says whether it is."""
    deadline = time.monotonic() + seconds
    while not (idle := all(background.is_idle() for background in list(_all))) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return idle


def _begin_anew_in_child() -> None:
    """What waits in the parent is the parent's, and a lock that was held at the fork would be held for ever."""
    for background in list(_all):
        background._begin_anew()


_all: "weakref.WeakSet[Background]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_begin_anew_in_child)
