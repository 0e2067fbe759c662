"""A Redis Cluster: each command goes to the node that has its key, by a client like that of a single Redis.

redis-py's own client for clusters sends a command again whose reply was lost, sleeps while a cluster has no verdict, and asks
all nodes anew in every thread that an error reaches. Here is only what routing needs; how to reach a node is in
``api/redis_client.py``.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from redis.commands.core import CoreCommands
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from api.redis_client import LeanRedis, ThreadLocalPool
from api.redis_cluster_batches import ClusterPipeline, WholeScript, key_of
from services.circuit import CircuitOpen

MOST_REDIRECTS = 5
Place = tuple[str, int]
T = TypeVar("T")


class ClusterRedis(CoreCommands):
    """A client for all nodes of a cluster; ``hosts`` are those that are asked first who has what.

    Each node has a circuit of its own, so one that is away leaves the others in use. A redirect means that nothing was done,
    so that and nothing else is followed.
    """

    _event_dispatcher: Any = None  # redis-py's commands want to be able to tell somebody of new passwords

    def __init__(self, hosts: Sequence[Place], options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._seeds = {place: self._connect(place) for place in hosts}
        self._nodes = dict(self._seeds)
        self._slots: tuple[LeanRedis | None, ...] = ()
        self._is_stale = True
        self._learning = threading.Lock()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command to the node of its key; one without a key to all primaries, for the first one's answer."""
        if len(args) == 1 or args[0] == "INFO":
            answers = [self._watched(partial(node.execute_command, *args, **options)) for node in self.primaries()]
            if not answers:
                raise ClusterDownError("CLUSTERDOWN no slot is anybody's")
            return answers[0]
        return self.follow(key_of(args), lambda node: node.execute_command(*args, **options))

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> ClusterPipeline:
        """Several commands in one round trip to each node; of a transaction, all keys are in one slot."""
        return ClusterPipeline(self, transaction)

    def register_script(self, script: Any) -> WholeScript:
        """A script whose keys are in one slot."""
        return WholeScript(cast(Any, self), script)

    def get_encoder(self) -> Any:
        """How texts become bytes; the same at every node."""
        return next(iter(self._seeds.values())).get_encoder()

    def primaries(self) -> list[LeanRedis]:
        """The nodes that take writes."""
        return list(dict.fromkeys(filter(None, self._known_slots())))

    def nodes(self) -> list[LeanRedis]:
        """The nodes that are known, asked for nothing."""
        return list(self._nodes.values())

    def primary_of(self, key: str) -> LeanRedis:
        """The node that has ``key``, as far as is known."""
        node = self._known_slots()[_slot(key)]
        if node is None:
            raise ClusterDownError("CLUSTERDOWN a slot is nobody's")
        return node

    def reign(self, key: str) -> str:
        """That of the node that has ``key``."""
        return self._watched(partial(self.primary_of(key).reign, key))

    def close(self) -> None:
        """Nothing to do: threads keep their connections."""

    def follow(self, key: Any, call: Callable[[LeanRedis], T]) -> T:
        """Call the node that has ``key``, or whoever it says has it."""
        node = self.primary_of(key)
        for _ in range(MOST_REDIRECTS):
            try:
                return self._watched(partial(call, node))
            except MovedError as moved:
                node = self._node((moved.host or _place(node)[0], moved.port))
                self._learn([node])
            except AskError as ask:
                node = self._node((ask.host or _place(node)[0], ask.port))
                node.execute_command("ASKING")
        raise RedisConnectionError("sent from one node of the cluster to another")

    def _watched(self, call: Callable[[], T]) -> T:
        """A node that failed may have been replaced: so the next command asks who has what."""
        try:
            return call()
        except (RedisConnectionError, RedisTimeout, ReadOnlyError) as error:
            self._is_stale |= not isinstance(error, CircuitOpen)
            raise

    def _known_slots(self) -> tuple[LeanRedis | None, ...]:
        """Who has which slot; one thread asks anew where that may have changed, the others use what was known."""
        if self._must_learn() and self._learning.acquire(blocking=not self._slots):
            try:
                if self._must_learn():
                    self._learn([*self._nodes.values(), *self._seeds.values()])
            finally:
                self._learning.release()
        return self._slots

    def _must_learn(self) -> bool:
        return self._is_stale or not self._slots

    def _learn(self, nodes: Sequence[LeanRedis]) -> None:
        """Ask one after the other who has what, until one says so; raises what the last one raised where nothing is known."""
        self._is_stale = False
        failure: RedisError = RedisConnectionError("no node of the cluster answers")
        for node in nodes:
            try:
                self._take(node.execute_command("CLUSTER SLOTS"), _place(node)[0])
                return
            except RedisError as error:
                failure = error
        if not self._slots:
            raise failure

    def _take(self, ranges: Sequence[Any], told_by: str) -> None:
        slots: list[LeanRedis | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, (host, port, *_), *_replicas in ranges:
            node = self._node(((host or b"").decode() or told_by, port))
            slots[first : last + 1] = [node] * (last + 1 - first)
        self._slots = tuple(slots)
        self._nodes = {_place(node): node for node in slots if node}

    def _node(self, place: Place) -> LeanRedis:
        return self._nodes.setdefault(place, self._seeds.get(place) or self._connect(place))

    def _connect(self, place: Place) -> LeanRedis:
        host, port = place
        return LeanRedis(connection_pool=ThreadLocalPool(host=host, port=port, **self._options))


def _slot(key: Any) -> int:
    return key_slot(key.encode() if isinstance(key, str) else key)


def _place(node: LeanRedis) -> Place:
    """Where a node is."""
    kept = node.connection_pool.connection_kwargs
    return kept["host"], kept["port"]
