"""A private Redis Cluster on loopback."""

import socket
from contextlib import suppress
from typing import Any

import redis.cluster
from redis import Redis
from redis.sentinel import Sentinel

from tests.servers.process import reserve_port
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

SLOTS = 16384
BUS = 10_000


class Cluster(redis.cluster.RedisCluster):
    """redis-py's client, that names the keys of all nodes."""

    def keys(self, pattern: str = "*", **_: Any) -> list[bytes]:
        return [key for node in nodes_of(self) for key in node.keys(pattern)]


def connect(url: str) -> Any:
    """redis-py's client of a Redis, of the primary that Sentinels name or of a cluster, beside the application's."""
    if url.startswith("redis+sentinel://"):
        watchers, service, _ = url.removeprefix("redis+sentinel://").split("/")
        return Sentinel([place.split(":") for place in watchers.split(",")]).master_for(service)
    places = url.removeprefix("redis+cluster://")
    if places == url:
        return Redis.from_url(url)
    host, _, port = places.partition(",")[0].partition(":")
    return Cluster(host=host, port=int(port))


def nodes_of(redis: Any) -> list[Any]:
    """Clients that have a part of the keys each."""
    if not isinstance(redis, Cluster):
        return [redis]
    return [redis.get_redis_connection(node) for node in redis.get_primaries()]


class RedisCluster:
    """``primaries`` that share the slots, each with a replica where there are ``replicas``."""

    def __init__(self, primaries: int = 3, replicas: bool = False):
        self.primaries = [ClusterNode() for _ in range(primaries)]
        self.replicas = [ClusterNode() for _ in self.primaries if replicas]
        self.nodes = [*self.primaries, *self.replicas]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.primaries)
        self._meet()

    def ask(self, *command: object) -> list:
        """What each node that answers says."""
        said = []
        for node in self.nodes:
            with suppress(OSError, Exception), node.connect() as redis:
                said.append(redis.execute_command(*command))
        return said

    def wait_until_whole(self, nodes: int):
        """Until so many nodes agree that every slot is served."""
        wait_until(
            lambda: sum(info["cluster_state"] == "ok" for info in self.ask("CLUSTER INFO")) >= nodes, "the cluster", 30
        )

    def remove(self):
        for node in self.nodes:
            node.remove()

    def _meet(self):
        first, share = self.primaries[0], -(-SLOTS // len(self.primaries))
        for i, node in enumerate(self.primaries):
            with node.connect() as redis:
                redis.execute_command("CLUSTER SET-CONFIG-EPOCH", i + 1)
                redis.execute_command("CLUSTER ADDSLOTS", *range(i * share, min(SLOTS, (i + 1) * share)))
        for node in self.nodes[1:]:
            with node.connect() as redis:
                redis.execute_command("CLUSTER MEET", "127.0.0.1", first.port)
        wait_until(lambda: all(len(known) == len(self.nodes) for known in self.ask("CLUSTER NODES")), "the nodes", 30)
        for primary, replica in zip(self.primaries, self.replicas, strict=False):
            with primary.connect() as one, replica.connect() as other:
                other.execute_command("CLUSTER REPLICATE", one.execute_command("CLUSTER MYID"))
        self.wait_until_whole(len(self.nodes))
        for replica in self.replicas:
            with replica.connect() as redis:
                wait_until(lambda: redis.info("replication")["master_link_status"] == "up", "the replica")


class ClusterNode(RedisServer):
    """One of a cluster; the port of the cluster's own talk is kept for it as well."""

    def __init__(self):
        held, self._bus = _reserve_with_bus()
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0")
        super().__init__(*options, held=held)

    def remove(self):
        super().remove()
        self._bus.close()


def _reserve_with_bus() -> tuple[socket.socket, socket.socket]:
    """A port whose neighbour for the cluster's own talk is free too, and that."""
    while True:
        held = reserve_port()
        with suppress(OSError, OverflowError):
            return held, reserve_port(held.getsockname()[1] + BUS)
        held.close()
