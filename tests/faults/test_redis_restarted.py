"""A Redis that ends and starts again with nothing, under another run id, while the server goes on."""

import time
from datetime import timedelta

import pytest

from services.circuit import OPEN_SECONDS
from tests.races.crowd import is_dead

TRIES = 5


@pytest.fixture(autouse=True)
def settled(place):
    place.settle()


@pytest.fixture
def restart(place):
    """What it was and what it is are two servers; every process has found the new one."""

    def restart():
        before = place.told(lambda redis: redis.info("server")["run_id"])
        with place.suffering("refused"):
            pass
        assert place.told(lambda redis: (redis.dbsize(), redis.info("server")["run_id"] == before)) == (0, False)

    return restart


@pytest.fixture
def refusal(place):
    """What a phone is told that has had its messages. A send that a busy machine kept the database's word from is let through."""
    before = place.live.log_size

    def refusal(shopper):
        for _ in range(TRIES):
            if (reply := shopper.ask_for_code()).status != 202:
                return reply
            time.sleep(OPEN_SECONDS)
            assert "sends_unread" in place.live.log_from(before), "one message too many"
        pytest.fail("the database is never heard")

    return refusal


def test_the_hour_and_the_day_of_a_phone_are_taken_over(place, restart, refusal, rows, clock):
    """R17, F5: five messages an hour and ten a day, whichever Redis counted them."""
    shopper = place.shopper()
    for _ in range(3):
        shopper.send_code()
    restart()
    place.settle()
    for _ in range(2):
        shopper.send_code()
    assert refusal(shopper).code == "sms_hourly_limit"
    rows.set_messages(sent_at=clock() - timedelta(hours=2))
    restart()
    place.settle()
    for _ in range(5):
        shopper.send_code()
    assert refusal(shopper).code == "sms_daily_limit"
    rows.set_messages(sent_at=clock() - timedelta(hours=3))
    restart()
    place.settle()
    refused = refusal(shopper)
    assert refused.code == "sms_daily_limit"
    assert 20 * 3600 < refused.json["retry_after"] <= 21 * 3600
    shopper.another().send_code()


def test_nothing_that_was_ended_lives_again(place, restart):
    """R25, F5: in each process, though it knew the session as a good one; and what was not ended lives on."""
    shopper = place.shopper()
    shopper.register()
    left, ended = shopper.login(), shopper.login()
    ended_id = next(one["id"] for one in shopper.sessions() if one["current"])
    shopper.login()
    for pair in (left, ended):
        assert {shopper.me(pair["access_token"]).status for _ in range(6)} == {200}
    assert shopper.logout(left["access_token"]).status == 204
    assert shopper.client.delete(f"/v1/sessions/{ended_id}", token=shopper.access_token).status == 204
    restart()
    for pair in (left, ended):
        assert all(is_dead(shopper, pair) for _ in range(6))
    assert {shopper.me().status for _ in range(6)} == {200}
    shopper.refresh()
