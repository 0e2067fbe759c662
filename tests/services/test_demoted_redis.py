"""R26: one address that moves to another primary, and an old one that is demoted and closes no connection."""

import time

import pytest
import structlog

from api.redis_provider import RedisProvider
from api.redis_tracking import tracked_reads
from services.owed import Owed
from services.profiles import Profile
from services.session_cache import SessionCache, SessionState
from services.tracked_reads import BELIEVED_SECONDS
from tests.faults.wire import Wire
from tests.parallel import in_parallel
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

USER, ANOTHER, SESSION = "0" * 32, "2" * 32, "1" * 32
TIMEOUT = 1.0


class Move:
    """``wire`` leads to the ``old`` server until the ``new`` one, its replica before, is primary."""

    def __init__(self):
        self.old = RedisServer(tcp=True)
        self.new = RedisServer("--replicaof", "127.0.0.1", str(self.old.port), tcp=True)
        self.wire = Wire(self.old.socket)
        self.url = f"redis://127.0.0.1:{self.wire.port}"
        follows(self.new)

    def happen(self):
        """As a fail-over by hand is done: nothing is lost, and nobody hears of it."""
        with self.old.connect() as old, self.new.connect() as new:
            wait_until(lambda: offset_of(new, "slave_repl_offset") == offset_of(old), "the replica to have all")
            assert new.keys("account:*") == old.keys("account:*") != []
            clients = {each["id"] for each in old.client_list() if each["flags"] in ("N", "t")}
            new.replicaof("NO", "ONE")
            old.replicaof("127.0.0.1", self.new.port)
            follows(self.old)
            # It answers those who were there before, and has what they read.
            assert clients <= {each["id"] for each in old.client_list()}
            assert old.keys("account:*")
            assert old.info("stats")["sync_full"] == 1
            assert new.info("stats")["sync_partial_ok"] == 1
        self.wire.lead_to(self.new.socket)

    def remove(self):
        self.wire.close()
        for server in (self.new, self.old):
            server.remove()


def follows(replica):
    with replica.connect() as redis:
        wait_until(lambda: redis.info("replication").get("master_link_status") == "up", "the replica", 30)


def offset_of(redis, name="master_repl_offset"):
    """How far it is in what a primary says."""
    return redis.info("replication")[name]


@pytest.fixture
def move():
    move = Move()
    yield move
    move.remove()


@pytest.fixture
def state(clock):
    profile = Profile(USER, "张三", "+86138****8000", "z@example.com", False, "active", clock())
    return SessionState(profile, 1, int(clock().timestamp()) + 900)


def make_cache(url, tracked):
    redis = RedisProvider.from_url(url, TIMEOUT)
    return SessionCache(redis, Owed(structlog.get_logger()), tracked_reads(redis, TIMEOUT) if tracked else None)


def wait_until_kept(cache, server, state):
    """Its thread has a connection of its own then, and the session is kept beside it."""
    assert cache.lease(USER)
    with server.connect() as redis:

        def is_kept():
            before = redis.info("commandstats").get("cmdstat_hmget")
            assert cache.get(USER, SESSION) == state
            return redis.info("commandstats").get("cmdstat_hmget") == before

        wait_until(is_kept, "an answer that asked nobody")


def found_later(cache):
    """What it has of the session a quarter of a second from now, and half a second more."""
    since, found = time.monotonic() + BELIEVED_SECONDS, set()
    while (began := time.monotonic()) < since + 0.5 or not found:
        state = cache.get(USER, SESSION)
        if began > since:
            found.add(state)
    return found


def test_a_process_that_is_told_of_changes_hears_of_its_demotion_too(move, state):
    """R26, F3: nothing that was kept before is believed."""
    here, there = make_cache(move.url, True), make_cache(move.url, True)
    here.fill(here.lease(USER), SESSION, state)
    wait_until_kept(there, move.old, state)
    move.happen()
    make_cache(move.new.url, True).forget(USER)
    assert found_later(there) == {None}


def test_it_hears_of_it_while_the_address_still_leads_to_the_replica(move, state):
    here, there = make_cache(move.old.url, True), make_cache(move.old.url, True)
    here.fill(here.lease(USER), SESSION, state)
    wait_until_kept(there, move.old, state)
    move.happen()
    assert found_later(there) == {None}


def test_a_thread_that_wants_to_write_tells_those_that_only_read(move, state):
    """F3: where Redis does not track."""
    here, there = make_cache(move.url, False), make_cache(move.url, False)
    here.fill(here.lease(USER), SESSION, state)
    assert there.get(USER, SESSION) == state
    move.happen()
    make_cache(move.new.url, False).forget(USER)
    assert there.get(USER, SESSION) == state  # nobody has told it anything
    in_parallel(1, lambda _: (there.get(USER, SESSION), there.lease(ANOTHER), there.lease(ANOTHER)))
    assert there.get(USER, SESSION) is None


@pytest.mark.parametrize("tracked", [True, False])
def test_what_a_replica_is_owed_is_kept_until_it_is_primary(move, state, tracked):
    """R26: it takes no deletion, and has what was there before."""
    cache = make_cache(move.old.url, tracked)
    cache.fill(cache.lease(USER), SESSION, state)
    with move.old.connect() as redis:
        redis.replicaof("127.0.0.1", 1)
        cache.forget(USER)
        assert cache.get(USER, SESSION) is None
        assert redis.keys("account:*")
        redis.replicaof("NO", "ONE")
        wait_until(lambda: not redis.keys("account:*"), "the deletion")


def test_whoever_came_while_it_was_a_replica_deletes_what_it_has_as_primary(move, state):
    """R26: under its own reign, and not that of nobody."""
    cache = make_cache(move.old.url, False)
    cache.fill(cache.lease(USER), SESSION, state)
    late = RedisProvider.from_url(move.old.url, TIMEOUT)
    with move.old.connect() as redis:
        redis.replicaof("127.0.0.1", 1)
        late.ping()
        redis.replicaof("NO", "ONE")
        SessionCache(late, Owed(structlog.get_logger())).forget(USER)
        assert redis.keys("account:*") == []
