"""R26: two nodes on one Redis over TCP. What one ends, the other refuses at once, though it had just answered by what it keeps."""

import time

import pytest

from tests.clients import LiveClient
from tests.faults.conftest import shopper_at
from tests.faults.redis_place import PatientClient
from tests.faults.wire import Wire
from tests.servers.live import LiveServer
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database

SETTINGS = {"WORKERS": 1, "REDIS_TIMEOUT_SECONDS": "0.25"}
BELIEVED_SECONDS = 0.25
# How a process listens to Redis, and how the tests look; whatever else is asked is asked for somebody.
LISTENING = ("role", "ping", "info", "hello", "client")
KEEPER = ("--user", "keeper", "on", "nopass", "~*", "&*", "+@all")


class Nodes:
    """``here`` sessions end; ``there`` they are kept; ``afar`` too, at the end of ``wire``."""

    def __init__(self, database_url: str):
        self.redis = RedisServer(*KEEPER, tcp=True)
        self.wire = Wire(self.redis.socket)
        self._admin = self.redis.connect()
        own = self.redis.tcp_url.replace("://", "://keeper:any@")
        afar = f"redis://127.0.0.1:{self.wire.port}/0"
        self.servers = [LiveServer(database_url, url) for url in (self.redis.tcp_url, own, afar)]
        for server in self.servers:
            server.start(**SETTINGS)
        self.here = shopper_at(self.servers[0])
        self.here.client = PatientClient(self.servers[0].url)
        self.there, self.afar = (LiveClient(server.url) for server in self.servers[1:])

    @property
    def log(self) -> str:
        return "".join(server.log for server in self.servers)

    def asked(self) -> int:
        """How many commands Redis was asked for somebody's request."""
        stats = self._admin.info("commandstats")
        return sum(of["calls"] for name, of in stats.items() if name.removeprefix("cmdstat_") not in LISTENING)

    def kept(self, node: LiveClient) -> str:
        """The token of a new session, which the node has let in without asking Redis."""
        token = self.here.login()["access_token"]
        self.wait_until_kept(node, token)
        return token

    def wait_until_kept(self, node: LiveClient, token: str):
        def is_kept() -> bool:
            before = self.asked()
            assert node.get("/v1/me", token=token).status == 200
            return self.asked() == before

        wait_until(is_kept, "an answer that asked nobody")

    def end(self, token: str):
        assert self.here.logout(token).status == 204

    def cut(self):
        """End the connection over which Redis tells ``there``."""
        (link,) = [one for one in self._admin.client_list() if "t" in one["flags"] and one["user"] == "keeper"]
        self._admin.client_kill_filter(_id=link["id"])

    def remove(self):
        self.redis.thaw()
        for server in self.servers:
            server.remove()
        self.wire.close()
        self.redis.remove()


@pytest.fixture(scope="module")
def all_nodes(database_url):
    nodes = Nodes(database_url)
    yield nodes
    nodes.remove()


@pytest.fixture
def nodes(all_nodes):
    """All of them in touch with Redis, and somebody who has an account."""
    everyone = [LiveClient(server.url) for server in all_nodes.servers]
    wait_until(lambda: all(node.get("/readyz").status == 200 for node in everyone), "every node")
    before = len(all_nodes.log)
    all_nodes.here = all_nodes.here.another()
    all_nodes.here.register()
    yield all_nodes
    assert "internal_error" not in all_nodes.log[before:], all_nodes.log[before:][-3000:]


def verdict(node, token):
    reply = node.get("/v1/me", token=token)
    return 200 if reply.status == 200 else reply.code


def verdicts_later_than(seconds, node, token):
    """What a node says to requests that begin so long after now, and within half a second from then."""
    since, said = time.monotonic() + seconds, set()
    while not said or time.monotonic() < since + 0.5:
        started, each = time.monotonic(), verdict(node, token)
        said |= {each} if started >= since else set()
    return said


def test_a_session_that_is_kept_costs_redis_nothing(nodes):
    token = nodes.kept(nodes.there)
    before = nodes.asked()
    assert {verdict(nodes.there, token) for _ in range(50)} == {200}
    assert nodes.asked() - before < 10  # a busy machine may hold up a process for a quarter of a second


def test_a_logout_holds_at_the_next_request(nodes):
    """R26: a hundred times."""
    for _ in range(100):
        token = nodes.kept(nodes.there)
        nodes.end(token)
        assert verdict(nodes.there, token) == "session_revoked"


def test_it_holds_though_nobody_can_tell_any_more(nodes):
    """R26: the connection over which Redis would tell was cut before the logout; and it holds over the next one."""
    for _ in range(2):
        token = nodes.kept(nodes.there)
        nodes.cut()
        nodes.end(token)
        assert verdict(nodes.there, token) == "session_revoked"


def test_it_holds_though_redis_starts_again(nodes):
    """R26: before the logout, and after it."""
    other, token = nodes.kept(nodes.there), nodes.kept(nodes.there)
    nodes.redis.stop()
    nodes.redis.start()
    nodes.end(token)
    assert verdict(nodes.there, token) == "session_revoked"
    assert verdict(nodes.there, other) == 200
    nodes.end(nodes.kept(nodes.there))
    nodes.end(other)
    assert verdict(nodes.there, other) == "session_revoked"


def test_it_holds_though_redis_hangs(nodes):
    """R26, F1: during the logout; and it held before Redis woke, in the second after it, and later."""
    token = nodes.kept(nodes.there)
    nodes.redis.freeze()
    try:
        nodes.end(token)
        assert verdict(nodes.there, token) == "session_revoked"
    finally:
        nodes.redis.thaw()
    assert verdicts_later_than(0, nodes.there, token) == {"session_revoked"}
    assert verdicts_later_than(0.5, nodes.there, token) == {"session_revoked"}


def test_it_holds_after_a_moment_in_which_redis_was_slow(nodes):
    """R26, F1: the node that ends it leaves Redis alone for a second; to the other, Redis is there."""
    for _ in range(3):
        token = nodes.kept(nodes.there)
        nodes.redis.freeze()
        try:
            assert verdict(nodes.here.client, token) == 200  # by the database, after it asked Redis in vain
        finally:
            nodes.redis.thaw()
        nodes.wait_until_kept(nodes.there, token)
        nodes.end(token)
        assert verdict(nodes.there, token) == "session_revoked"


@pytest.mark.parametrize("fault", ["dead", "slow"])
def test_a_wire_that_is_silent_or_slow_is_believed_for_a_quarter_of_a_second(nodes, fault):
    """R26: Redis is there for all but one node, and the word of the logout does not reach that one, or late."""
    for _ in range(2):
        token = nodes.kept(nodes.afar)
        with nodes.wire.dead() if fault == "dead" else nodes.wire.slow(0.1):
            verdict(nodes.afar, token)
            nodes.end(token)
            assert verdicts_later_than(BELIEVED_SECONDS, nodes.afar, token) == {"session_revoked"}
