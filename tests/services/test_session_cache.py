"""The minute's memory of sessions: what was changed is never remembered."""

import pytest
import structlog
from redis.exceptions import ConnectionError as RedisConnectionError

from api.redis_provider import RedisProvider
from services.owed import Owed
from services.profiles import Profile
from services.session_cache import SessionCache, SessionState
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

USER, SESSION = "0" * 32, "1" * 32


class Unsteady:
    """A Redis whose connection breaks for the next ``breaks`` deletions."""

    def __init__(self, redis, breaks):
        self._redis = redis
        self.breaks = breaks

    def delete(self, key):
        if self.breaks:
            self.breaks -= 1
            raise RedisConnectionError
        return self._redis.delete(key)

    def __getattr__(self, name):
        return getattr(self._redis, name)


@pytest.fixture
def redis(redis_url):
    return RedisProvider.from_url(redis_url, 3)


@pytest.fixture
def state(clock):
    profile = Profile(USER, "张三", "+86138****8000", "z@example.com", False, "active", clock())
    return SessionState(profile, 1, int(clock().timestamp()) + 900)


def make_cache(redis):
    return SessionCache(redis, Owed(structlog.get_logger()))


def remembered(redis, state):
    cache = make_cache(redis)
    cache.fill(cache.lease(USER), SESSION, state)
    assert cache.get(USER, SESSION) == state
    return cache


def test_a_slow_reader_cannot_bring_back_what_was_forgotten(redis, state):
    """R26: its lease went with the entry, though it read the database before."""
    cache = make_cache(redis)
    lease = cache.lease(USER)
    cache.forget(USER)
    cache.fill(lease, SESSION, state)
    assert cache.get(USER, SESSION) is None


def test_an_old_lease_does_not_fill_the_entry_of_a_new_one(redis, state):
    cache = make_cache(redis)
    old = cache.lease(USER)
    cache.forget(USER)
    assert cache.lease(USER) != old
    cache.fill(old, SESSION, state)
    assert cache.get(USER, SESSION) is None


def test_readers_at_the_same_time_share_a_lease(redis):
    cache = make_cache(redis)
    assert cache.lease(USER) == cache.lease(USER)


def test_a_broken_connection_does_not_keep_an_entry(redis, state):
    """R26: deleting is tried again at once."""
    cache = remembered(Unsteady(redis, breaks=1), state)
    cache.forget(USER)
    assert cache.get(USER, SESSION) is None


def test_a_redis_that_comes_back_is_told_to_forget(redis, state):
    """R26: the deletion waits for Redis, in the background; until then this process does not believe the entry."""
    cache = remembered(Unsteady(redis, breaks=3), state)
    cache.forget(USER)
    assert cache.get(USER, SESSION) is None
    wait_until(lambda: not redis.keys(), "the forgetting")


def test_an_entry_that_is_nothing_of_ours_is_none(redis, state):
    cache = remembered(redis, state)
    (key,) = redis.keys("account:*")
    for field, value in {"profile": "{", "version": "one"}.items():
        redis.hset(key, field, value)
        assert cache.get(USER, SESSION) is None
        cache.fill(cache.lease(USER), SESSION, state)
        assert cache.get(USER, SESSION) == state


def test_an_entry_lives_for_a_minute_at_most(redis, state):
    remembered(redis, state)
    (key,) = redis.keys("account:*")
    assert 0 < redis.ttl(key) <= 60


def test_a_redis_that_gets_its_first_replica_is_one_and_the_same(state):
    """R26: it takes a new replication id and cuts no connection, so that some threads know the old one and some the new."""
    server = RedisServer(tcp=True)
    replica = None
    try:
        before = remembered(RedisProvider.from_url(server.url, 3), state)
        replica = RedisServer("--replicaof", "127.0.0.1", str(server.port))
        with replica.connect() as redis:
            wait_until(lambda: redis.info("replication")["master_link_status"] == "up", "the replica", 30)
        make_cache(RedisProvider.from_url(server.url, 3)).forget(USER)
        assert before.get(USER, SESSION) is None
    finally:
        for each in filter(None, (replica, server)):
            each.remove()


def test_a_redis_without_info_keeps_sessions_too(state):
    """Some hosts take the command away altogether."""
    server = RedisServer("--rename-command", "INFO", "")
    try:
        remembered(RedisProvider.from_url(server.url, 3), state)
    finally:
        server.remove()
