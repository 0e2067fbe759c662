"""Several nodes of one shop, and the balancer in front of them."""

from contextlib import ExitStack

from tests.clients import LiveClient
from tests.servers.live import LiveServer
from tests.servers.nginx import Nginx
from tests.shopper import Shopper

SETTINGS = {
    "WORKERS": 1,
    "PUBLIC_URL": "https://shop.example",
    "TRUSTED_PROXIES": 1,
    "REDIS_TIMEOUT_SECONDS": "0.25",
    "DATABASE_TIMEOUT_SECONDS": "2",
    "SMS_COOLDOWN_SECONDS": "5",
    "LIMIT_AVAILABILITY_PER_ADDRESS": "6/minute",
}


class Shop:
    """``nodes`` share a database and a Redis; ``balancer`` has the address that shoppers know."""

    def __init__(self, database_url: str, redis_url: str, nodes: int = 2, **settings: object):
        self._parts = ExitStack()
        self._settings = SETTINGS | settings
        self.nodes = [self._start(LiveServer(database_url, redis_url)) for _ in range(nodes)]
        self.balancer = Nginx(*(node.url for node in self.nodes))
        self._parts.callback(self.balancer.remove)

    def client(self, node: int | None = None, address: str | None = None) -> LiveClient:
        """A client of the balancer, or of one node; ``address`` is where the balancer would say that it is."""
        client = LiveClient(self.balancer.url if node is None else self.nodes[node].url)
        client.headers = {"X-Forwarded-For": address} if address else {}
        return client

    def shopper(self, client: LiveClient | None = None) -> Shopper:
        """Somebody who reads the development inbox."""
        client = client or self.client()

        def read_inbox():
            messages = client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
            return [(message["to"], message["code"]) for message in messages if message["code"]]

        return Shopper(client, read_inbox)

    def restart(self, node: int, **settings: object):
        """Stop a node as an operator does, and start it again."""
        self.nodes[node].restart(**self._settings | settings)

    @property
    def log(self) -> str:
        """What all nodes said."""
        return "".join(node.log for node in self.nodes)

    def remove(self):
        self._parts.close()

    def _start(self, node: LiveServer) -> LiveServer:
        self._parts.callback(node.remove)
        node.start(**self._settings)
        return node
