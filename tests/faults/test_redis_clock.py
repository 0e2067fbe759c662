"""A Redis whose clock is moved."""

import shutil
import time

import pytest

from bench.attack.hand_turned import HandTurnedRedis

pytestmark = pytest.mark.one_database


@pytest.fixture
def turned():
    """A Redis whose clock is turned by hand."""
    redis = HandTurnedRedis(int(time.time()))
    yield redis
    redis.process.kill()
    shutil.rmtree(redis.folder)


def test_a_redis_whose_clock_is_moved(make_app, make_shopper, turned):
    """F30: ahead, its codes and cooldowns are over early, together; back, they last; tickets and sessions don't depend on it."""
    shopper = make_shopper(make_app(redis_url=turned.url, ratelimit_storage_uri=turned.url))
    shopper.register()
    ticket, waiting = shopper.another().prove(), shopper.another()
    sms_id, code = waiting.send_code(), waiting.last_code()
    assert waiting.ask_for_code().code == "sms_cooldown"
    turned.turn_to(int(time.time()) + 301)
    assert waiting.verify(sms_id, code).code == "code_expired"
    sms_id, code = waiting.send_code(), waiting.last_code()
    turned.turn_to(int(time.time()) - 3600)
    assert waiting.verify(sms_id, code).status == 200
    assert waiting.ask_for_code().code == "sms_cooldown"
    assert shopper.me().status == 200
    assert shopper.refresh()
    assert shopper.fill_in(ticket, username="somebody-else").status == 201
