"""Messages to ask for: when, by whom, for how long; and nothing of them is readable in Redis."""

import pytest

from services.keyring import Keyring
from services.pending_receipts import PendingReceipts
from tests.parallel import in_parallel
from tests.services.gateways import PHONE
from tests.settings import SECRET
from tests.timetravel import age_redis


@pytest.fixture
def a_node(redis, clock):
    return lambda secrets=(SECRET,), capacity=100: PendingReceipts("aliyun", redis, Keyring(secrets), clock, capacity)


@pytest.fixture
def pending(a_node):
    return a_node()


def claimed(pending):
    """The ids of all that are due."""
    ids = []
    while due := pending.claim():
        ids.append(due.message_id)
    return ids


def test_a_message_is_asked_for_at_growing_intervals_and_then_dropped(pending, redis):
    pending.note(PHONE, "1^0")
    age = 0
    for after in (60, 300, 1800, 4 * 3600, 24 * 3600):
        age_redis(redis, after - 20 - age)
        assert claimed(pending) == []
        age_redis(redis, 21)
        assert claimed(pending) == ["1^0"]
        age = after + 1
    assert redis.keys("receipts:*") == []


def test_after_a_long_silence_it_is_asked_for_once_and_not_for_each_time_missed(pending, redis):
    pending.note(PHONE, "1^0")
    age_redis(redis, 3600)
    assert claimed(pending) == ["1^0"]
    age_redis(redis, 3 * 3600 - 20)
    assert claimed(pending) == []
    age_redis(redis, 40)
    assert claimed(pending) == ["1^0"]


def test_what_is_claimed_is_as_it_was_noted(pending, redis, clock):
    sent_at = clock()
    pending.note(PHONE, "1^0")
    clock.advance(61)
    age_redis(redis, 61)
    due = pending.claim()
    assert (due.phone, due.message_id) == (PHONE, "1^0")
    assert abs((due.sent_at - sent_at).total_seconds()) < 0.001


def test_what_is_done_is_asked_for_no_more(pending, redis):
    for message_id in ("1^0", "2^0"):
        pending.note(PHONE, message_id)
    age_redis(redis, 61)
    first = pending.claim()
    pending.done(first)
    age_redis(redis, 300)
    assert claimed(pending) == [{"1^0": "2^0", "2^0": "1^0"}[first.message_id]]


def test_each_is_claimed_by_one_of_many(a_node, redis):
    for i in range(50):
        a_node().note(PHONE, f"{i}^0")
    age_redis(redis, 61)
    nodes = [a_node() for _ in range(10)]
    claims = in_parallel(10, lambda i: claimed(nodes[i]))
    assert sorted(message_id for ids in claims for message_id in ids) == sorted(f"{i}^0" for i in range(50))


def test_beyond_the_capacity_the_oldest_is_dropped(a_node, redis):
    """The one that was sent first, though it may be due last."""
    pending = a_node(capacity=3)
    pending.note(PHONE, "0^0")
    age_redis(redis, 301)
    assert claimed(pending) == ["0^0"]
    for i in range(1, 5):
        age_redis(redis, 1)
        pending.note(PHONE, f"{i}^0")
    assert [redis.zcard(key) for key in redis.keys("receipts:*")] == [3, 3]
    age_redis(redis, 1800)
    assert sorted(claimed(pending)) == ["2^0", "3^0", "4^0"]


def test_nothing_stays_for_ever_where_nobody_asks(pending, redis):
    pending.note(PHONE, "1^0")
    age_redis(redis, 47 * 3600)
    pending.note(PHONE, "2^0")
    age_redis(redis, 2 * 3600)
    pending.note(PHONE, "3^0")
    assert [redis.zcard(key) for key in redis.keys("receipts:*")] == [2, 2]
    age_redis(redis, 49 * 3600)
    assert redis.keys("receipts:*") == []


def test_nothing_of_a_message_is_readable(pending, redis):
    pending.note(PHONE, "1^0")
    kept = b"".join(member for key in redis.keys("*") for member in (key, *redis.zrange(key, 0, -1)))
    assert [word for word in (b"13800138000", b"1^0") if word in kept] == []


def test_a_repr_shows_no_phone(pending, redis):
    pending.note(PHONE, "1^0")
    age_redis(redis, 61)
    due = pending.claim()
    assert [word for word in (PHONE[-10:], due.sealed) if word in repr(due)] == []


def test_what_our_keys_no_longer_open_is_dropped(a_node, redis):
    a_node(["another-secret-that-was-taken-away-0123456789"]).note(PHONE, "1^0")
    age_redis(redis, 1)
    a_node().note(PHONE, "2^0")
    age_redis(redis, 61)
    assert claimed(a_node()) == ["2^0"]
    assert [redis.zcard(key) for key in redis.keys("receipts:*")] == [1, 1]
