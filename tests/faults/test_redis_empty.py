"""A Redis that comes back with nothing: what the database still knows holds."""

import threading

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from services.sent_earlier import SentEarlier
from tests.clients import InProcessClient
from tests.servers.redis import RedisServer
from tests.waiting import wait_until


@pytest.fixture
def kept():
    """A Redis that keeps all it was told."""
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always")
    yield server
    server.remove()


@pytest.fixture
def site(make_app, make_shopper):
    """Three messages a day, without a cooldown."""
    return make_shopper(make_app(sms_cooldown_seconds=0, sms_per_hour=0, sms_per_day=3))


def test_a_lost_code_is_over_and_another_is_to_be_had_at_once(shopper, redis, clock):
    """R3, F5: 410, and no cooldown for what is lost; the next has its own."""
    sms_id, code = shopper.send_code(), shopper.last_code()
    clock.advance(seconds=1)
    redis.flushall()
    assert shopper.verify(sms_id, code).code == "code_expired"
    shopper.send_code()
    assert shopper.ask_for_code().code == "sms_cooldown"


@pytest.mark.parametrize("known", [True, False])
def test_the_messages_of_a_day_hold_without_redis_memory(site, redis, clock, known):
    """R17, F5: three a day, however often Redis forgets. R48: for phones with an account and without alike."""
    if known:
        site.register()
    else:
        site.prove()
    for _ in range(2):
        clock.advance(seconds=1)
        redis.flushall()
        site.send_code("login")
    reply = site.ask_for_code("login")
    assert (reply.code, site.another().ask_for_code("login").status) == ("sms_daily_limit", 202)
    assert 23 * 3600 < reply.json["retry_after"] <= 86400


def test_what_this_redis_counted_itself_is_not_counted_twice(site):
    for _ in range(3):
        site.send_code()
    assert site.ask_for_code().code == "sms_daily_limit"


def test_a_day_after_the_loss_the_database_is_not_asked_any_more(make_app, make_shopper, site, redis, pass_time):
    site.send_code()
    (mark,) = redis.keys("counting:*")
    assert 86400 < redis.ttl(mark) <= 2 * 86400
    pass_time(86401)
    site.send_code()
    assert 86395 < redis.ttl(mark) <= 86400
    pass_time(86390)
    site.send_code()
    assert 86395 < redis.ttl(mark) <= 86400


def test_without_a_database_either_a_code_is_sent(make_app, make_shopper, site, redis):
    """What Redis counts from then on holds."""
    site.send_code()
    redis.flushall()
    away = InProcessClient(make_app(database_url="sqlite:////nonexistent/x", sms_per_day=3, sms_cooldown_seconds=0))
    assert site.on(away).ask_for_code().status == 202


def test_a_redis_that_starts_again_with_what_it_had_counts_nothing_twice(make_app, make_shopper, kept):
    """R17, F5: it has another name then, so the database is asked; each message is known by its id."""
    shopper = make_shopper(make_app(redis_url=kept.url, sms_cooldown_seconds=0, sms_per_hour=4))
    for _ in range(3):
        shopper.send_code()
    kept.stop()
    kept.start()
    wait_until(lambda: shopper.another().ask_for_code().status == 202)
    sms_id, code = shopper.send_code(), shopper.last_code()
    assert shopper.ask_for_code().code == "sms_hourly_limit"
    assert shopper.verify(sms_id, code).status == 200


def test_a_database_that_hangs_holds_no_send_up(clock):
    """It is waited for a moment, and then left alone for a while."""
    hanging = Hanging()
    earlier = SentEarlier(hanging, clock, structlog.get_logger(), patience=0.05)
    try:
        assert [earlier.read("0" * 16) for _ in range(3)] == [[], [], []]
        assert hanging.asked == 1
    finally:
        hanging.let_go.set()


class Hanging:
    """A database that takes a question and does not answer."""

    def __init__(self):
        self.asked = 0
        self.let_go = threading.Event()

    def connection(self):
        self.asked += 1
        self.let_go.wait()
        raise OperationalError("", {}, OSError())
