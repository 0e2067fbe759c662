"""Refreshing: each generation of tokens once, with ten seconds for lost replies."""

import pytest

from tests.parallel import in_parallel
from tests.tokens import both_formats

pytestmark = both_formats


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


def test_a_refresh_brings_the_next_generation(registered):
    body = registered.refresh()
    assert body.keys() == {"token_type", "access_token", "expires_in", "refresh_token", "refresh_expires_in"}
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 900, 2592000)
    assert registered.me().status == 200


def test_many_tabs_refresh_at_once_and_stay_in_one_session(registered, rows):
    """R22: twenty refreshes of one token move the counter by one, and every reply carries the same generation."""
    old = registered.refresh_token
    replies = in_parallel(20, lambda _: registered.try_refresh(old))
    assert [reply.status for reply in replies] == [200] * 20
    assert rows.sessions(counter=2, ended_at=None) == 1
    for reply in replies:
        assert registered.try_refresh(reply.json["refresh_token"]).status == 200
    assert rows.sessions(counter=3, ended_at=None) == 1


def test_a_lost_reply_is_asked_for_again(registered, rows):
    """R24, F26: within the grace the previous token gets the same new generation."""
    old = registered.refresh_token
    lost = registered.refresh(old)
    rows.age_refreshes(seconds=5)
    again = registered.refresh(old)
    assert registered.me(lost["access_token"]).status == registered.me(again["access_token"]).status == 200
    assert registered.try_refresh(again["refresh_token"]).status == 200


def test_after_the_grace_the_previous_token_ends_the_session(registered, rows):
    """R23: a repeat after ten seconds is a reuse."""
    old = registered.refresh_token
    registered.refresh()
    rows.age_refreshes(seconds=10.001)
    assert registered.me().status == 200
    assert registered.try_refresh(old).code == "refresh_reused"
    assert registered.me().code == "session_revoked"
    assert registered.try_refresh().code == "refresh_invalid"


def test_an_older_token_ends_the_session_at_any_time(registered, redis):
    """R23, R24: a grandparent is a reuse, also at once; the newest tokens die with it, for good."""
    grandparent = registered.refresh_token
    registered.refresh()
    registered.refresh()
    assert registered.try_refresh(grandparent).code == "refresh_reused"
    redis.flushall()
    assert registered.me().code == "session_revoked"
    assert registered.try_refresh().code == "refresh_invalid"


def test_a_reuse_ends_that_session_alone(registered):
    """R23: the shopper's other devices stay."""
    stolen = registered.refresh_token
    registered.refresh()
    registered.refresh()
    registered.login()
    assert registered.try_refresh(stolen).code == "refresh_reused"
    assert registered.me().status == 200
    assert len(registered.sessions()) == 1


def test_an_idle_session_expires(registered, clock):
    """R33: refresh at the end of the idle time, and a second after it."""
    clock.advance(seconds=2592000 - 1)
    registered.refresh()
    clock.advance(seconds=2592000 + 1)
    assert registered.try_refresh().code == "refresh_expired"


def test_a_session_ends_however_busy_it_is(make_shopper, make_app, clock):
    """R33: refreshing does not reach beyond the session's own end, which a token knows in whole seconds."""
    shopper = make_shopper(make_app(session_seconds=1000, refresh_token_seconds=400))
    shopper.register()
    for left in (400, 400, 100):
        clock.advance(seconds=300)
        assert left - 1 <= shopper.refresh()["refresh_expires_in"] <= left
    clock.advance(seconds=98)
    shopper.refresh()
    clock.advance(seconds=2)
    assert shopper.me().code == "session_revoked"
    assert shopper.try_refresh().code == "refresh_expired"


def test_an_access_token_lives_a_quarter_of_an_hour(registered, clock):
    clock.advance(seconds=900)
    assert registered.me().status == 200
    clock.advance(seconds=1)
    reply = registered.me()
    assert (reply.status, reply.code) == (401, "token_expired")
    registered.refresh()
    assert registered.me().status == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 2048, "é", "令牌"])
def test_what_is_no_token_is_invalid(client, token):
    reply = client.post("/v1/token/refresh", json={"refresh_token": token})
    assert (reply.status, reply.code) == (401, "refresh_invalid")


def test_the_refresh_of_an_account_that_was_disabled_is_refused(registered, rows):
    """R26: the database is asked, not the cache."""
    rows.set_user(registered.phone, status="disabled")
    assert registered.try_refresh().code == "refresh_invalid"
