"""A Redis that suffers, and a live server on it; both of their own, so that nobody else suffers with them."""

import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager

from redis import Redis

from tests.clients import LiveClient, Reply
from tests.races.crowd import settled
from tests.servers.live import LiveServer
from tests.servers.redis import RedisServer
from tests.shopper import Shopper
from tests.waiting import wait_until

SETTINGS = {
    "REDIS_TIMEOUT_SECONDS": "0.25",
    "LIMIT_LOGIN_PER_ACCOUNT": "10/minute;50/hour",
    "SMS_COOLDOWN_SECONDS": "0",
}
# No reply is to take over 3 s; a busy machine may add as much, and a defect more.
REPLY_SECONDS = 6


class PatientClient(LiveClient):
    """Remembers how long the slowest reply took, in seconds. Unless ``suffers`` something, a 503 is of a busy machine, and it asks again."""

    def __init__(self, url: str, suffers: Callable[[], bool] = bool):
        super().__init__(url)
        self.slowest = 0.0
        self._suffers = suffers

    def request(self, *args, **options) -> Reply:
        if self._suffers():
            return self._timed(*args, **options)
        return settled(lambda: self._timed(*args, **options))

    def _timed(self, *args, **options) -> Reply:
        began = time.monotonic()
        try:
            return super().request(*args, **options)
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)


class RedisPlace:
    """``redis`` is the server that suffers, ``live`` the application on it; a context for each way to suffer."""

    def __init__(self, database_url: str):
        self.redis = RedisServer()
        self.live = LiveServer(database_url, self.redis.url)
        self._suffers = False
        self.live.start(**SETTINGS)

    def shopper(self, live: LiveServer | None = None) -> Shopper:
        """Somebody at ``live``, or at another server."""
        client = PatientClient((live or self.live).url, lambda: self._suffers)

        def read_inbox():
            messages = client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
            return [(message["to"], message["code"]) for message in messages if message["code"]]

        return Shopper(client, read_inbox)

    def settle(self):
        """An empty Redis, and every process in touch with it."""
        self.told(lambda redis: redis.flushall())
        client = LiveClient(self.live.url)
        wait_until(lambda: all(client.get("/readyz").status == 200 for _ in range(12)), "every process")

    @contextmanager
    def suffering(self, fault: str):
        """Let Redis have the fault of this name for the block; what it had lives on, but for ``refused``."""
        begin, end = getattr(self, f"_{fault}")
        begin(self)
        try:
            with self.impatient():
                yield
        finally:
            end(self)

    @contextmanager
    def impatient(self):
        """Let the shoppers take each 503 for what it is."""
        self._suffers = True
        try:
            yield
        finally:
            self._suffers = False

    def told(self, act: Callable[[Redis], object]):
        with self.redis.connect() as connection:
            return act(connection)

    def remove(self):
        self.redis.thaw()
        self.live.remove()
        self.redis.remove()

    def _fill_disk(self):
        """Snapshots are asked for and can't be written."""
        shutil.rmtree(self.redis.data)
        self.told(lambda redis: (redis.config_set("save", "3600 1000000"), redis.bgsave()))
        wait_until(lambda: self.told(lambda redis: redis.info("persistence")["rdb_last_bgsave_status"]) == "err")

    _refused = (lambda self: self.redis.stop(), lambda self: self.redis.start())
    _hung = (lambda self: self.redis.freeze(), lambda self: self.redis.thaw())
    _out_of_memory = (
        lambda self: self.told(lambda redis: redis.config_set("maxmemory", 1)),
        lambda self: self.told(lambda redis: redis.config_set("maxmemory", 0)),
    )
    _disk_full = (_fill_disk, lambda self: self.told(lambda redis: redis.config_set("save", "")))
    _read_only = (
        lambda self: self.told(lambda redis: redis.replicaof("127.0.0.1", 1)),
        lambda self: self.told(lambda redis: redis.replicaof("NO", "ONE")),
    )
