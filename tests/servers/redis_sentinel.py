"""A private Redis with a replica, and the Sentinels that watch them."""

import shutil

from redis import Redis
from redis.sentinel import Sentinel

from tests.servers.process import ServerProcess, reserve_port, temporary_folder
from tests.servers.redis import RedisServer, program
from tests.waiting import wait_until

SERVICE = "mymaster"
CONFIGURATION = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {service} 127.0.0.1 {primary} 2
sentinel down-after-milliseconds {service} 1000
sentinel failover-timeout {service} 3000
"""


class WatchedRedis:
    """``servers`` are a primary and its replica; three Sentinels make the replica primary when the other is away."""

    def __init__(self):
        primary = RedisServer(tcp=True)
        self.servers = [primary, RedisServer("--replicaof", "127.0.0.1", str(primary.port), tcp=True)]
        self._sentinels = [_Sentinel(primary.port) for _ in range(3)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}/0"
        for sentinel in self._sentinels:
            wait_until(sentinel.knows_all, "the Sentinels to know each other", 30)
        with self.servers[1].connect() as replica:
            wait_until(lambda: replica.info("replication")["master_link_status"] == "up", "the replica", 30)

    def primary(self) -> RedisServer:
        """The one that the Sentinels name; raises where they name none."""
        places = [("127.0.0.1", sentinel.port) for sentinel in self._sentinels]
        _, port = Sentinel(places, sentinel_kwargs={"socket_timeout": 1}).discover_master(SERVICE)
        return next(server for server in self.servers if server.port == port)

    def remove(self):
        for server in (*self._sentinels, *self.servers):
            server.remove()


class _Sentinel:
    def __init__(self, primary: int):
        self._folder = temporary_folder("sentinel")
        self._held = reserve_port()
        self.port = self._held.getsockname()[1]
        path = self._folder / "sentinel.conf"
        path.write_text(
            CONFIGURATION.format(port=self.port, folder=self._folder, service=SERVICE, primary=primary),
            encoding="utf-8",
        )
        self._process = ServerProcess([program(), str(path), "--sentinel"], self._folder / "sentinel.log")
        self._process.wait_until(lambda: Redis(port=self.port).ping())

    def knows_all(self) -> bool:
        with Redis(port=self.port) as redis:
            state = redis.sentinel_master(SERVICE)
        return (state["num-slaves"], state["num-other-sentinels"]) == (1, 2)

    def remove(self):
        self._process.kill()
        self._held.close()
        shutil.rmtree(self._folder, ignore_errors=True)
