"""Refreshes that collide, replies that get lost, and tokens that come back."""

import json
from contextlib import closing

import pytest
from sqlalchemy import text

from tests.races.crowd import KeptClient, at_once, is_dead, told_apart
from tests.tokens import both_formats
from tests.waiting import wait_until

pytestmark = [pytest.mark.mysql, both_formats]

REFRESH = "/v1/token/refresh"


@pytest.fixture
def counter(engine):
    """The generation of the only session there is, as the database has it."""

    def read() -> int:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT counter FROM sessions"))

    return read


def test_twenty_tabs_get_one_generation(live, live_shopper, counter):
    """R22: twenty refreshes of one token all succeed, and the session moves by one; so do those with the twenty answers."""
    generation = 1
    tokens = [live_shopper.register()["refresh_token"]] * 20
    for _ in range(10):
        replies = at_once(
            live, 20, lambda client, i, tokens=tokens: client.post(REFRESH, json={"refresh_token": tokens[i]})
        )
        assert told_apart(replies) == {"200": 20}
        generation += 1
        assert counter() == generation
        assert all(live_shopper.me(reply.json["access_token"]).status == 200 for reply in replies)
        tokens = [reply.json["refresh_token"] for reply in replies]


def test_an_old_token_that_comes_back_ends_everything(live, live_shopper, counter):
    """R23: a token older than the previous one ends the session, and the newest tokens die with it."""
    first = live_shopper.register()
    replies = at_once(live, 20, lambda client, i: client.post(REFRESH, json={"refresh_token": first["refresh_token"]}))
    newest = live_shopper.refresh(replies[7].json["refresh_token"])
    assert counter() == 3
    assert live_shopper.me(newest["access_token"]).status == 200
    assert live_shopper.try_refresh(first["refresh_token"]).code == "refresh_reused"
    for pair in (first, *(reply.json for reply in replies), newest):
        assert live_shopper.me(pair["access_token"]).code == "session_revoked"
        assert live_shopper.try_refresh(pair["refresh_token"]).code == "refresh_invalid"


def test_an_old_token_among_new_ones_leaves_nothing_alive(live, live_shopper):
    """R22, R23: when a thief's old token comes between refreshes, nothing that was handed out outlives it."""
    for _ in range(10):
        somebody = live_shopper.another()
        first = somebody.register()
        second = somebody.refresh()
        third = somebody.refresh()

        def call(client, i, tokens=(third["refresh_token"], first["refresh_token"])):
            return client.post(REFRESH, json={"refresh_token": tokens[i == 5]})

        replies = at_once(live, 20, call)
        assert replies[5].code == "refresh_reused"
        assert told_apart(replies).keys() <= {"200", "401 refresh_reused", "401 refresh_invalid"}
        assert is_dead(somebody, first)
        assert is_dead(somebody, second)
        assert all(is_dead(somebody, reply.json) for reply in replies if reply.status == 200)


def test_a_lost_reply_is_asked_for_again(live, live_shopper, counter):
    """R24: the token whose reply got lost gets the same new generation; once that is used, it ends the session."""
    first = live_shopper.register()["refresh_token"]
    body = json.dumps({"refresh_token": first}).encode()
    with closing(KeptClient(live.url)) as client:
        client.send("POST", REFRESH, body, {"Content-Type": "application/json"})
        wait_until(lambda: counter() != 1, "the refresh")

    again = live_shopper.refresh(first)
    assert counter() == 2
    newest = live_shopper.refresh(again["refresh_token"])
    assert counter() == 3
    assert live_shopper.me(newest["access_token"]).status == 200
    assert live_shopper.try_refresh(first).code == "refresh_reused"
    assert is_dead(live_shopper, again)
    assert is_dead(live_shopper, newest)


def test_after_the_grace_the_previous_token_ends_the_session(live, live_shopper, engine):
    """R23: a repeat is a reuse when ten seconds have passed since the rotation."""
    first = live_shopper.register()
    second = live_shopper.refresh()
    with engine.begin() as connection:
        moved = text("UPDATE sessions SET refreshed_at = :at")
        connection.execute(moved, {"at": "2026-01-01 00:00:00"})
    replies = at_once(live, 20, lambda client, i: client.post(REFRESH, json={"refresh_token": first["refresh_token"]}))
    assert told_apart(replies).keys() <= {"401 refresh_reused", "401 refresh_invalid"}
    assert is_dead(live_shopper, second)


def test_nothing_outlives_a_logout_among_refreshes(live, live_shopper, engine):
    """R22, R26: what a refresh won while the session was being ended is worth nothing afterwards."""
    won = 0
    for i in range(15):
        somebody = live_shopper.another()
        pair = somebody.register()

        def call(client, turn, i=i, pair=pair):
            if turn == i:
                return client.post("/v1/logout", token=pair["access_token"])
            return client.post(REFRESH, json={"refresh_token": pair["refresh_token"]})

        replies = at_once(live, 20, call)
        assert replies[i].status == 204
        assert told_apart(replies).keys() <= {"200", "204", "401 refresh_invalid"}
        pairs = [reply.json for reply in replies if reply.status == 200]
        won += len(pairs)
        assert all(is_dead(somebody, once) for once in (pair, *pairs))
    assert won, "no refresh ever came before the logout: this was no race"
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sessions WHERE ended_at IS NULL")) == 0
