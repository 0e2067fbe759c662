"""A forgotten password: an SMS, a ticket, and a new one."""

import pytest

from tests.changes import NEW_PASSWORD, move, reset
from tests.shopper import new_phone
from tests.waiting import wait_until


@pytest.fixture
def forgetful(shopper, pass_time):
    """Registered, logged in twice, and with a minute gone since the last message."""
    shopper.register()
    shopper.login()
    pass_time(seconds=61)
    return shopper


def test_a_new_password_by_sms_ends_every_session(forgetful, rows, letters):
    """R27: all devices are out, the new password logs in, the old one does not, and the owner is told."""
    user, ticket = rows.user(forgetful.phone), forgetful.prove("reset_password")
    assert forgetful.me().status == 200
    assert reset(forgetful, ticket).status == 204
    assert forgetful.me().code == "session_revoked"
    assert forgetful.try_refresh().code == "refresh_invalid"
    assert forgetful.try_login().code == "invalid_credentials"
    assert forgetful.try_login(password=NEW_PASSWORD).status == 200
    assert rows.sessions(user_id=user["id"], ended_at=None) == 1
    assert "password_reset" in rows.events(user["id"])
    assert letters.wait_for(forgetful.phone, "password_reset")


def test_a_verified_address_is_told_in_place_of_the_phone(forgetful, rows, letters):
    rows.verify_email(forgetful.phone, "shopper@example.com")
    reset(forgetful, forgetful.prove("reset_password"))
    assert letters.wait_for("shopper@example.com", "password_reset")
    assert letters.settled(forgetful.phone, "password_reset") == []


@pytest.mark.parametrize("guessable", ["password123", "PHONE", "USERNAME", "EMAIL"])
def test_a_guessable_password_is_refused_and_leaves_the_ticket_good(forgetful, rows, guessable):
    """R20, R38: the same rules as at registration."""
    user = rows.user(forgetful.phone)
    ticket = forgetful.prove("reset_password")
    reply = reset(forgetful, ticket, user[guessable.lower()] if guessable.isupper() else guessable)
    assert (reply.status, list(reply.json["errors"])) == (422, ["password"])
    assert forgetful.me().status == 200
    assert reset(forgetful, ticket).status == 204


def test_two_passwords_that_differ_leave_the_ticket_good(forgetful):
    ticket = forgetful.prove("reset_password")
    body = {"ticket": ticket, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD + "!"}
    assert forgetful.client.post("/v1/password/reset", json=body).json["errors"].keys() == {"password_confirm"}
    assert reset(forgetful, ticket).status == 204


def test_a_ticket_resets_once(forgetful):
    ticket = forgetful.prove("reset_password")
    assert reset(forgetful, ticket).status == 204
    reply = reset(forgetful, ticket, "yet another horse")
    assert (reply.status, reply.code) == (410, "ticket_expired")
    assert forgetful.try_login(password=NEW_PASSWORD).status == 200


def test_a_ticket_that_can_not_succeed_costs_no_hash(forgetful, make_app, make_shopper):
    """Where no hash can be had, a used ticket is still told from a busy server."""
    ticket = forgetful.prove("reset_password")
    assert reset(forgetful, ticket).status == 204
    busy = forgetful.on(make_shopper(make_app(hash_places=0, hash_queue=0)).client)
    assert reset(busy, ticket).code == "ticket_expired"
    assert reset(busy, "no-ticket").code == "ticket_invalid"


def test_a_ticket_lives_ten_minutes(forgetful, clock):
    ticket = forgetful.prove("reset_password")
    clock.advance(seconds=601)
    assert reset(forgetful, ticket).code == "ticket_expired"


def test_a_ticket_from_before_a_change_of_phone_is_used_up(forgetful):
    """The number that was proven is no longer the account's."""
    ticket = forgetful.prove("reset_password")
    assert move(forgetful, new_phone()).status == 200
    assert reset(forgetful, ticket).code == "ticket_expired"


def test_a_new_number_resets_nothing_for_three_days(shopper, pass_time, rows):
    """R30: whoever moved the phone must not take the password with it, while the old number can undo it."""
    shopper.register()
    user_id, phone = rows.user(shopper.phone)["id"], new_phone()
    assert move(shopper, phone).status == 200
    shopper.phone = phone
    pass_time(seconds=61)
    ticket = shopper.prove("reset_password")
    reply = reset(shopper, ticket)
    assert (reply.status, reply.code) == (403, "reauthentication_required")
    wait_until(lambda: "password_reset_refused" in rows.events(user_id), "the refusal among the events")
    assert shopper.me().status == 200
    pass_time(seconds=3 * 86400)
    assert reset(shopper, shopper.prove("reset_password")).status == 204


def test_a_disabled_account_stays_disabled(forgetful, rows):
    rows.set_user(forgetful.phone, status="disabled")
    assert reset(forgetful, forgetful.prove("reset_password")).status == 204
    assert forgetful.try_login(password=NEW_PASSWORD).code == "invalid_credentials"


def test_resets_are_counted_by_address(make_shopper, make_app, pass_time):
    shopper = make_shopper(make_app(LIMIT_VERIFY_PER_ADDRESS="3/minute"))
    assert [reset(shopper, "x").code for _ in range(4)] == ["ticket_invalid"] * 3 + ["rate_limited"]
