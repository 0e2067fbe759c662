"""Crowds: clients that are connected, to every worker process, before they call together."""

import http.client
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import psutil
from werkzeug.datastructures import Headers

from tests.clients import Client, Reply
from tests.parallel import in_parallel
from tests.servers.live import DEFAULTS, LiveServer
from tests.shopper import Shopper, new_phone

PATIENCE_SECONDS = 20
WORKERS = DEFAULTS["WORKERS"]
# The server closes a connection after 5 idle seconds, and may do so while a request is on its way.
KEPT_SECONDS = 3


class KeptClient(Client):
    """Calls a server over one connection, which is open before the first call; for one thread at a time.

    Where the server has closed it, or soon will, the next call makes another.
    """

    def __init__(self, url: str, timeout_seconds: float = 30):
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_seconds)
        self._connection.connect()
        self.local_port: int = self._connection.sock.getsockname()[1]
        self._used_at = time.monotonic()

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        if self._connection.sock and self._is_old():
            self._connection.close()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        reply = Reply(answer.status, Headers(answer.getheaders()), answer.read())
        self._used_at = time.monotonic()
        return reply

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]):
        """Send a request whose reply is never read, as when a phone loses its connection."""
        self._connection.request(method, path, body, headers)

    def close(self):
        self._connection.close()

    def _is_old(self) -> bool:
        is_closed = bool(select.select([self._connection.sock], [], [], 0)[0])
        return is_closed or time.monotonic() - self._used_at > KEPT_SECONDS


@contextmanager
def connected(live: LiveServer, n: int) -> Iterator[list[KeptClient]]:
    """``n`` clients, at least 20, that are connected to both worker processes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with ExitStack() as connections:
            clients = [connections.enter_context(closing(KeptClient(live.url))) for _ in range(n)]
            if len(set(workers_of(live, clients))) == WORKERS:
                yield clients
                return
        assert time.monotonic() < deadline, f"{n} connections, and only one worker holds any"


def at_once(live: LiveServer, n: int, call: Callable[[KeptClient, int], Reply]) -> list[Reply]:
    """The replies to ``call(client, 0)`` … ``call(client, n - 1)``, each over a connection of its own, released together, and settled."""
    with connected(live, n) as clients:
        return in_parallel(n, lambda i: settled(lambda: call(clients[i], i)))


@contextmanager
def one_for_each_worker(live: LiveServer) -> Iterator[list[KeptClient]]:
    """A client for each worker process of the server."""
    with connected(live, 40) as clients:
        by_worker = dict(zip(workers_of(live, clients), clients, strict=True))
        yield list(by_worker.values())


def workers_of(live: LiveServer, clients: list[KeptClient]) -> list[int]:
    """The process that serves each connection, once all of them are accepted."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        holders = _holders(live)
        if all(client.local_port in holders for client in clients):
            return [holders[client.local_port] for client in clients]
        assert time.monotonic() < deadline, "connections that no worker accepts"
        time.sleep(0.01)


def _holders(live: LiveServer) -> dict[int, int]:
    """The worker at the other end, by the port at the client's end."""
    return {
        connection.raddr.port: worker.pid
        for worker in psutil.Process(live.pid).children()
        for connection in worker.net_connections("tcp4")
        if connection.laddr.port == live.port and connection.raddr
    }


def settled(call: Callable[[], Reply]) -> Reply:
    """The reply that decides: one that says 503 because every place is taken is asked again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (reply := call()).status == 503 and reply.code == "service_unavailable":
        assert int(reply.headers["Retry-After"]) == reply.json["retry_after"] >= 1
        assert time.monotonic() < deadline, "the server stays busy"
        time.sleep(1)
    return reply


def told_apart(replies: list[Reply]) -> dict[str, int]:
    """How many replies there are of each kind: by code for problems, by status for successes."""
    kinds: dict[str, int] = {}
    for reply in replies:
        kind = str(reply.status) if reply.status < 400 else f"{reply.status} {reply.code}"
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def is_dead(shopper: Shopper, pair: dict) -> bool:
    """Whether neither token of a pair is good for anything."""
    refused = shopper.me(pair["access_token"]).status, shopper.try_refresh(pair["refresh_token"]).status
    assert len(set(refused)) == 1, refused
    return refused == (401, 401)


def inbox(client: Client) -> list[dict]:
    """The messages "sent", newest first."""
    return client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]


def tickets_of(shopper: Shopper, n: int) -> list[str]:
    """Tickets to register ``n`` new phones with; the inbox holds 200 messages."""
    phones = [new_phone() for _ in range(n)]
    sent = in_parallel(n, lambda i: settled(lambda: shopper.ask_for_code("register", phones[i])))
    sms_ids = [reply.json["sms_id"] for reply in sent]
    codes = {message["sms_id"]: message["code"] for message in inbox(shopper.client)}
    replies = in_parallel(n, lambda i: settled(lambda: shopper.verify(sms_ids[i], codes[sms_ids[i]])))
    return [reply.json["ticket"] for reply in replies]
