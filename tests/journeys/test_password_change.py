"""Another password, for somebody who is logged in."""

import pytest
from sqlalchemy import text

from tests.changes import NEW_PASSWORD, change_password
from tests.tokens import both_formats
from tests.waiting import wait_until


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


@both_formats
def test_the_session_that_changes_goes_on_and_all_others_end(registered, rows, letters):
    """R27: three sessions, a change in one: two die, the changing one gets new tokens."""
    others = [registered.on(registered.client) for _ in range(2)]
    for other in others:
        other.login()
    (before,) = [session["id"] for session in registered.sessions() if session["current"]]
    reply = change_password(registered)
    assert reply.status == 200
    for other in others:
        assert other.me().code == "session_revoked"
        assert other.try_refresh().code == "refresh_invalid"
    old_access = registered.access_token
    registered.access_token, registered.refresh_token = reply.json["access_token"], reply.json["refresh_token"]
    assert registered.me(old_access).code == "session_revoked"
    assert registered.me().json == reply.json["user"]
    assert [session["id"] for session in registered.sessions()] == [before]
    registered.refresh()
    assert registered.me().status == 200
    assert registered.try_login().code == "invalid_credentials"
    assert registered.try_login(password=NEW_PASSWORD).status == 200
    assert "password_changed" in rows.events(reply.json["user"]["id"])
    assert letters.wait_for(registered.phone, "password_changed")


@both_formats
def test_the_old_refresh_token_is_dead_and_ends_nothing(registered, clock, rows):
    """R27: neither inside the grace, where it would have got tokens that are good for nothing, nor after it."""
    old = registered.refresh_token
    new = change_password(registered).json
    assert rows.sessions(counter=2) == 1
    assert registered.try_refresh(old).code == "refresh_invalid"
    clock.advance(seconds=11)
    assert registered.try_refresh(old).code == "refresh_invalid"
    assert registered.me(new["access_token"]).status == 200
    assert registered.try_refresh(new["refresh_token"]).status == 200


def test_without_proof_nothing_changes(registered, rows):
    """R30: a stolen access token alone changes no password."""
    reply = change_password(registered, **{"password_confirm": NEW_PASSWORD})
    assert (reply.status, reply.code) == (403, "reauthentication_required")
    reply = change_password(registered, current_password="a wrong password")
    assert (reply.status, reply.code) == (403, "reauthentication_required")
    user_id = rows.user(registered.phone)["id"]
    wait_until(lambda: "proof_refused" in rows.events(user_id), "the refusal among the events")
    registered.login()


def test_a_code_is_proof_and_a_weak_password_leaves_it_good(registered, pass_time):
    """R30: what is mended in the form needs no second SMS."""
    pass_time(seconds=61)
    proof = {"sms_id": registered.send_code("confirm"), "code": registered.last_code()}
    reply = change_password(registered, "password123", **proof)
    assert (reply.status, list(reply.json["errors"])) == (422, ["password"])
    assert change_password(registered, **proof | {"code": registered.wrong_code()}).json["attempts_left"] == 4
    assert change_password(registered, **proof).status == 200


def test_a_code_proves_once(registered, pass_time):
    pass_time(seconds=61)
    proof = {"sms_id": registered.send_code("confirm"), "code": registered.last_code()}
    registered.access_token = change_password(registered, **proof).json["access_token"]
    assert change_password(registered, "yet another horse", **proof).code == "code_expired"


def test_two_proofs_and_half_a_proof_are_no_form(registered):
    both = {"current_password": registered.password, "sms_id": "x", "code": "123456"}
    assert change_password(registered, **both).json["errors"].keys() == {"current_password"}
    assert change_password(registered, sms_id="x").json["errors"].keys() == {"code"}


def test_tries_of_the_password_are_counted_with_the_logins(make_shopper, make_app):
    """R13, R30: a thief with a token has no more guesses than anybody else; a success clears them."""
    shopper = make_shopper(make_app(LIMIT_LOGIN_PER_ACCOUNT="3/minute"))
    shopper.register()
    change_password(shopper, current_password="wrong password 1")
    change_password(shopper, current_password="wrong password 2")
    reply = change_password(shopper)
    shopper.access_token, shopper.password = reply.json["access_token"], NEW_PASSWORD
    shopper.try_login(password="wrong password 3")
    shopper.try_login(password="wrong password 4")
    change_password(shopper, current_password="wrong password 5")
    assert shopper.try_login().code == "rate_limited"
    assert change_password(shopper, "a fourth horse battery").code == "rate_limited"


def test_a_session_that_ended_meanwhile_gets_no_tokens(registered, engine):
    """The row of the session decides, not what the cache still says; and then nothing changes."""
    registered.me()
    with engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET ended_at = created_at"))
    assert change_password(registered).code == "session_revoked"
    assert registered.try_login().status == 200
