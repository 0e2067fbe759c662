"""What this process read from Redis and keeps, for as long as Redis would give the same answer."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import hiredis
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout
from structlog.typing import FilteringBoundLogger

from services.circuit import Circuit, CircuitOpen
from services.tracked_link import TrackedLink

BELIEVED_SECONDS = 0.25
MOST_KEYS = 10_000
# Asks whether the server is there, and still primary: a replica is not told of what its primary deletes under another reign.
ARE_YOU_PRIMARY = ("ROLE",)
# How long somebody who only looks waits for another thread that is listening.
TURN_SECONDS = 0.002
AGAIN_SECONDS, REFUSED_SECONDS = 1, 60


class Untracked(Exception):
    """It can't be read so now; ask Redis in the usual way."""


@dataclass(frozen=True)
class _Kept:
    value: Any
    until: float


@dataclass
class _Question:
    """A command under way, and what to do with its answer as soon as it is heard, before anything else is."""

    asked_at: float
    take: Callable[[Any], None]


class TrackedReads:
    """Fields of hashes, kept until Redis tells of a change, its time is over, or the link to Redis is lost or silent.

    All that Redis has told is heard before anything kept is used. Over TCP its word may be late; so what is kept is believed
    only while Redis answered a command that was sent less than ``believed`` seconds ago, on the same link, which it answers in
    order. So nothing kept is older than that, whatever happens to the network. ``believed`` must not be longer than anybody
    waits for Redis: whoever could not tell it of a change has then waited until nobody believes what was before.

    A server that says that it is a replica is left, and ``demoted`` called: its clients are elsewhere.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        demoted: Callable[[], None],
        circuit: Circuit,
        timeout: float,
        log: FilteringBoundLogger,
    ) -> None:
        self._connect = connect
        self._demoted = demoted
        self._circuit = circuit
        self._timeout = timeout
        self._believed = min(timeout, BELIEVED_SECONDS)
        self._log = log
        self.hits = self.misses = self.losses = 0
        self._lock = threading.Lock()
        self._link: TrackedLink | None = None
        self._is_heard = True
        self._kept: dict[str, dict[str, _Kept]] = {}
        self._questions: deque[_Question] = deque()
        self._asked_at = self._answered_at = self._again_at = float("-inf")

    @property
    def is_linked(self) -> bool:
        """Whether Redis tells of changes now."""
        return self._link is not None

    @property
    def entries(self) -> int:
        """How many hashes something is kept of."""
        return len(self._kept)

    def recall(self, entry: str, name: str) -> Any:
        """What is kept under both, or None."""
        link = self._link
        if link is None or (key := link.key(entry)) not in self._kept or not self._holds():
            return None
        kept = self._kept.get(key, {}).get(name)
        if kept is None or time.monotonic() >= kept.until:
            return None
        self.hits += 1
        return kept.value

    def read(self, entry: str, name: str, fields: tuple[str, ...], decode: Callable[[list[bytes | None]], Any]) -> Any:
        """Read ``fields`` of the hash ``entry`` of this reign, and keep what ``decode`` makes of them, unless that is None.

        Raises ``Untracked`` where somebody else is reading, or Redis does not track or is away.
        """
        self.misses += 1
        if self._link is None and time.monotonic() < self._again_at:
            raise Untracked
        if not self._lock.acquire(blocking=False):
            raise Untracked
        try:
            with self._counted():
                return self._ask_for(entry, name, fields, decode)
        finally:
            self._lock.release()

    def _ask_for(
        self, entry: str, name: str, fields: tuple[str, ...], decode: Callable[[list[bytes | None]], Any]
    ) -> Any:
        link, asked_at, answers = self._linked(), time.monotonic(), list[Any]()
        key = link.key(entry)

        def take(answer: Any) -> None:
            """The lifetime is asked for first: a change in between can only make it too short."""
            value = _decoded(answer, decode)
            if not isinstance(value, Exception | None) and isinstance(answers[0], int) and answers[0] > 0:
                self._keep(key, name, _Kept(value, asked_at + answers[0] / 1000))
            answers.append(value)

        questions = (("PTTL", key), answers.append), (("HMGET", key, *fields), take)
        self._send(link, asked_at, (ARE_YOU_PRIMARY, self._take_role), *questions)
        while len(answers) < 2 and self._link is link:
            left = asked_at + self._timeout - time.monotonic()
            # However late this thread is: what has come meanwhile is no silence.
            self._hear(link, max(0, left))
            if left <= 0 and len(answers) < 2 and self._link is link:
                self._lose(link)
                raise TimeoutError
        if self._link is not link:
            raise ConnectionError
        if isinstance(answers[1], Exception):
            raise Untracked from answers[1]
        return answers[1]

    def _holds(self) -> bool:
        """Whether all that is kept is as Redis had it a moment ago; hears what there is to hear first."""
        link, now = self._link, time.monotonic()
        if link is None:
            return False
        # In this order: what another thread has taken from the link meanwhile, it may not have done yet.
        if (_has_news(link) or not self._is_heard) and not self._hear_in_turn(link):
            return False
        if now - self._asked_at > self._believed / 2:
            self._look_after(link, now)
        return self._link is link and now - self._answered_at < self._believed

    def _hear_in_turn(self, link: TrackedLink) -> bool:
        """Says whether it was heard, by this thread or by the one before it."""
        if not self._lock.acquire(timeout=TURN_SECONDS):
            return False
        try:
            self._hear(link)
        finally:
            self._lock.release()
        return True

    def _look_after(self, link: TrackedLink, now: float) -> None:
        """Ask Redis whether it is there, and wait for no answer; one thread is enough."""
        if self._lock.acquire(blocking=False):
            try:
                if self._link is link:
                    self._send(link, now, (ARE_YOU_PRIMARY, self._take_role))
            finally:
                self._lock.release()

    def _send(self, link: TrackedLink, now: float, *commands: tuple[tuple[str, ...], Callable[[Any], None]]) -> None:
        self._asked_at = now
        self._questions.extend(_Question(now, take) for _, take in commands)
        try:
            link.send(*(command for command, _ in commands))
        except OSError:
            self._lose(link)

    def _hear(self, link: TrackedLink, wait: float = 0) -> None:
        """Whoever looks between the hearing and the doing must know that it is not done: ``_is_heard`` is False meanwhile."""
        if self._link is not link:
            return
        self._is_heard = False
        try:
            for item in link.hear(wait):
                self._take(item)
        except (OSError, hiredis.HiredisError):
            self._lose(link)
        except BaseException:
            self._lose(link)  # nobody knows what else it has said
            raise
        finally:
            self._is_heard = True

    def _take(self, item: Any) -> None:
        if isinstance(item, hiredis.PushNotification):
            if item[0] == b"invalidate":
                self._forget(item[1])
            return
        question = self._questions.popleft()
        self._answered_at = question.asked_at
        question.take(item)

    def _take_role(self, answer: Any) -> None:
        """Whoever may not ask is told nothing, and the answer is as good as that to PING."""
        if isinstance(answer, list) and answer[:1] == [b"slave"]:
            self._demoted()
            raise ConnectionError("Redis is primary no more")

    def _forget(self, keys: list[bytes] | None) -> None:
        """What has changed; None is everything, as after FLUSHALL."""
        if keys is None:
            self._kept.clear()
        for key in keys or ():
            self._kept.pop(key.decode(), None)

    def _keep(self, key: str, name: str, kept: _Kept) -> None:
        if key not in self._kept and len(self._kept) >= MOST_KEYS:
            self._kept.pop(next(iter(self._kept)))
        self._kept.setdefault(key, {})[name] = kept

    def _linked(self) -> TrackedLink:
        """The link, made anew where it was lost; after a failure not at once."""
        if self._link is None:
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self._link = TrackedLink(self._connect())
        return self._link

    def _lose(self, link: TrackedLink) -> None:
        """Nobody tells of changes any more, so nothing is kept."""
        self.losses += 1
        self._link = None
        self._kept = {}
        self._questions.clear()
        link.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """The block, known to the circuit of Redis; raises ``Untracked`` for whatever of Redis fails in it."""
        try:
            self._circuit.enter()
        except CircuitOpen:
            raise Untracked from None
        try:
            yield
        except ResponseError as error:
            self._circuit.leave(failed=False)
            self._refused(error)
            raise Untracked from error
        except (RedisError, OSError) as error:
            self._circuit.leave(failed=True, slow=isinstance(error, TimeoutError | RedisTimeout))
            raise Untracked from error
        except BaseException:
            self._circuit.leave(failed=False)
            raise
        self._circuit.leave(failed=False)

    def _refused(self, error: ResponseError) -> None:
        """A Redis without RESP3 or tracking, or a user who may not track: each check asks it as ever."""
        self._again_at = time.monotonic() + REFUSED_SECONDS
        self._log.warning("redis_does_not_track", error=type(error).__name__)


def _decoded(answer: Any, decode: Callable[[list[bytes | None]], Any]) -> Any:
    """What is made of an answer, or the exception that tells why nothing is."""
    try:
        return answer if isinstance(answer, Exception) else decode(answer)
    except Exception as error:
        return error


def _has_news(link: TrackedLink) -> bool:
    try:
        return link.has_news()
    except (OSError, ValueError):  # another thread has just closed it
        return True
