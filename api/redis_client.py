"""Redis with our limits of time: one connection for each thread, no retries, and left alone for a while when it is away."""

import re
import select
import threading
import time
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from services.circuit import Circuit, CircuitOpen

LOOK_AFTER_SECONDS = 0.1
RENEW_SECONDS = 1.0
REPLICA = "replica"
# How Redis says that it can't now, rather than that it was asked wrongly; before version 7 a script says so in the middle.
STATES = re.compile(r"(?:^|-)(?:OOM|READONLY|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY) ")
REIGN = re.compile(rb"^run_id:([0-9a-f]{8})", re.MULTILINE)


class RedisLeftAlone(RedisConnectionError, CircuitOpen):
    """Redis was away a moment ago, so nothing was sent."""


def is_unable(error: ResponseError) -> bool:
    """Whether Redis refused for a state that it is in; redis-py takes the word off the text of those that it knows."""
    return bool(STATES.search(f"{error.status_code or ''} {error}".lstrip()))


def is_defect(error: RedisError) -> bool:
    """Whether Redis was asked wrongly, so that its absence is no excuse."""
    return isinstance(error, ResponseError) and not is_unable(error)


class ThreadLocalPool(ConnectionPool):
    """A pool in which each thread keeps its own connection.

    The stock pool takes a lock and asks the socket twice for every command, half of what a round trip costs us.

    Where the address leads to another server than before, all connections are made anew: the server before may have been
    demoted without closing them, and answers on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._local = threading.local()
        self._reign_met = ""
        self._generation, self._renew_at, self._must_renew = 0, 0.0, False
        self.circuit = Circuit()
        super().__init__(*args, **{"redis_connect_func": self._greet} | kwargs)

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        """The thread's connection, made new when the server closed it meanwhile."""
        local, now = self._local, time.monotonic()
        connection = getattr(local, "connection", None)
        if self._must_renew and now >= self._renew_at:
            self._must_renew, self._renew_at, self._generation = False, now + RENEW_SECONDS, self._generation + 1
        if connection is None:
            connection = local.connection = self.new_connection()
        elif connection.generation != self._generation or (
            now - local.used_at > LOOK_AFTER_SECONDS and _was_closed(connection)
        ):
            connection.disconnect()
        local.used_at = now
        connection.connect()
        return connection

    def new_connection(self, **changes: Any) -> Any:
        """One that nobody has yet, not connected; ``changes`` to the keywords of redis-py's connections."""
        connection = self.connection_class(**self.connection_kwargs | changes)
        connection.generation = self._generation
        return connection

    def leave(self) -> None:
        """End the calling thread's connection."""
        self._local.connection.disconnect()
        self._local.connection = None

    def renew(self) -> None:
        """Let each thread make its connection anew before it uses it again, but not more often than once a second."""
        self._must_renew = True

    def release(self, connection: Any) -> None:
        """Nothing to do: the thread keeps it, and redis-py has closed one that failed in the middle of a reply."""

    @property
    def reign(self) -> str | None:
        """That of the server at the other end of the thread's connection; None where it has none yet."""
        return getattr(getattr(self._local, "connection", None), "reign", None)

    def _greet(self, connection: Any) -> None:
        """What is said on each new connection."""
        connection.generation = self._generation
        connection.on_connect()
        connection.reign = _reign_of(connection)
        if connection.reign != self._reign_met:
            self._must_renew |= bool(self._reign_met)
            self._reign_met = connection.reign


class LeanPipeline(Pipeline):
    """redis-py's pipeline, behind the circuit."""

    connection_pool: ThreadLocalPool

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all commands, and read their replies."""
        circuit = self.connection_pool.circuit
        _enter(circuit)
        try:
            replies = super().execute(raise_on_error)
        except BaseException as error:
            _leave(circuit, error)
            raise
        circuit.leave(failed=False)
        return replies


class LeanRedis(Redis):
    """redis-py's client without its retries and its metering, which cost as much as the round trip itself."""

    connection_pool: ThreadLocalPool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command, and read its reply; a connection that failed is closed."""
        pool, connection = self.connection_pool, None
        _enter(pool.circuit)
        try:
            connection = pool.get_connection()
            connection.send_command(*args)
            reply = self.parse_response(connection, args[0], **options)
        except BaseException as error:
            if connection is not None and _spoils(error):
                connection.disconnect()
            _leave(pool.circuit, error)
            raise
        pool.circuit.leave(failed=False)
        return reply

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> LeanPipeline:
        """Several commands in one round trip."""
        return LeanPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def primaries(self) -> list["LeanRedis"]:
        """The servers that take writes, each by a client of its own."""
        return [self]

    def nodes(self) -> list["LeanRedis"]:
        """The servers that are known, asked for nothing."""
        return [self]

    def reign(self, key: str) -> str:
        """A name for the time in which the primary of ``key`` is primary: the next one may not know of its last writes.

        It is of the connection that the calling thread has to it; where Redis keeps that to itself, it is empty. Raises
        ``ReadOnlyError`` where it is a replica, which may become primary, or the address lead elsewhere, at any moment.
        """
        pool = self.connection_pool
        if pool.reign is None:
            self.ping()
        if pool.reign == REPLICA:
            pool.leave()
            raise ReadOnlyError("READONLY it is a replica")
        return pool.reign or ""


def _reign_of(connection: Any) -> str:
    """That of the server at the other end; empty where it keeps that to itself, ``REPLICA`` where it has none."""
    connection.send_command("INFO", "server")
    connection.send_command("ROLE")
    told, role = _answer(connection), _answer(connection)
    if role and role[0] == b"slave":
        return REPLICA
    found = REIGN.search(told or b"")
    return found[1].decode() if found else ""


def _answer(connection: Any) -> Any:
    """The next answer, or None where the command is refused."""
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError:
        return None


def _enter(circuit: Circuit) -> None:
    try:
        circuit.enter()
    except CircuitOpen:
        raise RedisLeftAlone("left alone for a moment") from None


def _leave(circuit: Circuit, error: BaseException) -> None:
    """What Redis itself answered is no failure of it, but that it is loading."""
    away = isinstance(error, RedisConnectionError | RedisTimeout | OSError)
    circuit.leave(failed=away, slow=isinstance(error, RedisTimeout))


def _spoils(error: BaseException) -> bool:
    """Whether the connection is not to be used again; who was told of a replica may find the new primary by another."""
    return not isinstance(error, ResponseError) or isinstance(error, ReadOnlyError) or "-READONLY " in str(error)


def _was_closed(connection: Any) -> bool:
    """Whether a connection at rest has something to read, which can only be its end."""
    if connection._sock is None:
        return False
    poll = select.poll()
    poll.register(connection._sock, select.POLLIN)
    return bool(poll.poll(0))
