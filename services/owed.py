"""What Redis is still to be told: done at once where it can be, else as soon as Redis takes it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from structlog.typing import FilteringBoundLogger

from services.circuit import CircuitOpen, insisting

CAPACITY = 10_000
PAUSE_SECONDS = 0.1
# For what is behind the first that Redis won't take, so that a round ends soon however much that is.
REST_SECONDS = 0.25
# Long for a Redis that answers, and short for the threads that wait for one that hangs.
TURN_SECONDS = 0.1
# After these nobody knows whether Redis has done it.
LOST = (RedisConnectionError, RedisTimeout)


@contextmanager
def undoing_if_lost(undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo`` where the answer of Redis in the block got lost; where Redis was not asked there is nothing to undo."""
    try:
        yield
    except CircuitOpen:
        raise
    except LOST:
        undo()
        raise


class Owed:
    """Acts by name, each good to do twice, tried in turn until they are done or their time is over.

    One thread does so, for as long as anything is owed, whether the circuit of Redis is open or not. A process that ends forgets them, so nothing that must hold may
    hang on one: what it undoes ends by itself at the same time.
    """

    def __init__(self, log: FilteringBoundLogger, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now = now
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._acts: OrderedDict[str, tuple[float, Callable[[], object]]] = OrderedDict()
        self._thread: threading.Thread | None = None

    def __contains__(self, name: str) -> bool:
        """Whether an act of this name is still to be done."""
        return name in self._acts

    def settle(self, name: str, lifetime: float, act: Callable[[], object], insist: bool = False) -> None:
        """Do ``act``, twice if a connection broke; where Redis won't, go on trying for ``lifetime`` seconds.

        With ``insist`` the second try is made though Redis is left alone: it may have failed for a moment only.
        """
        if not (self._try(act) or (self._insist(act) if insist else self._try(act))):
            self._note(name, self._now() + lifetime, act)
        if self._acts:
            self._keep_running()

    def _insist(self, act: Callable[[], object]) -> bool:
        """One at a time, so that a Redis that hangs holds up one thread, and the others for a moment."""
        if not self._turn.acquire(timeout=TURN_SECONDS):
            return False
        try:
            with insisting():
                return self._try(act)
        finally:
            self._turn.release()

    def _note(self, name: str, deadline: float, act: Callable[[], object]) -> None:
        with self._lock:
            if len(self._acts) >= CAPACITY and name not in self._acts:
                self._log.warning("work_dropped", queue="owed")
                return
            self._acts[name] = deadline, act

    def _keep_running(self) -> None:
        """Where no thread can be had it all waits for whoever settles next."""
        with self._lock:
            if not self._acts or (self._thread and self._thread.is_alive()):
                return
            thread = threading.Thread(target=self._run, name="owed", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                self._log.error("no_thread", queue="owed")
            else:
                self._thread = thread

    def _run(self) -> None:
        while self._settle_all():
            time.sleep(PAUSE_SECONDS)

    def _settle_all(self) -> bool:
        """Try each once; says whether any is left.

        Behind the first that Redis won't take only what is not left alone is asked, and not for long: of several nodes one may be
        away. The next round begins with another.
        """
        with self._lock:
            acts = iter(list(self._acts.items()))
        with insisting():
            refused = next((name for name, act in acts if not self._settled(name, *act)), None)
        end = self._now() + REST_SECONDS
        for name, act in acts:
            if self._now() >= end:
                break
            self._settled(name, *act)
        with self._lock:
            if refused:
                self._acts.move_to_end(refused)
            if not self._acts:
                self._thread = None
            return bool(self._acts)

    def _settled(self, name: str, deadline: float, act: Callable[[], object]) -> bool:
        """Whether it is done, or its time is over; then it is owed no more, unless it was noted anew meanwhile."""
        if self._now() < deadline and not self._try(act):
            return False
        with self._lock:
            if self._acts.get(name, (None,))[0] == deadline:
                del self._acts[name]
        return True

    def _try(self, act: Callable[[], object]) -> bool:
        """Whether it is done; what fails otherwise than for Redis would fail again."""
        try:
            act()
        except RedisError:
            return False
        except Exception as error:
            self._log.error("work_failed", queue="owed", error=type(error).__name__)
        return True
