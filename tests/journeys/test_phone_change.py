"""Another phone, and what the old number can do about it."""

import pytest

from services.errors import NotFound
from services.sources import Source
from tests.changes import NEW_PASSWORD, change_password, change_phone, move, reset, undo
from tests.shopper import new_phone

MAIL = "owner@example.com"


@pytest.fixture
def registered(shopper, rows):
    """With a verified address."""
    shopper.register()
    rows.verify_email(shopper.phone, MAIL)
    return shopper


@pytest.fixture
def moved(registered, letters):
    """Has another phone; ``old_phone`` and the token in its message besides."""
    registered.old_phone, phone = registered.phone, new_phone()
    assert move(registered, phone).status == 200
    registered.phone = phone
    registered.undo_token = letters.wait_for(registered.old_phone, "phone_changed").token
    return registered


def test_the_new_phone_logs_in_and_the_old_one_does_not(moved, rows, pass_time):
    assert moved.me().json["phone"] == moved.phone[:6] + "****" + moved.phone[-4:]
    pass_time(seconds=61)
    moved.login_by_code()
    sms_id = moved.send_code("login", moved.old_phone)
    assert moved.try_login_by_code(sms_id, moved.last_code(moved.old_phone)).code == "phone_not_registered"
    assert "phone_changed" in rows.events(rows.user(moved.phone)["id"])


def test_the_old_number_and_the_address_get_one_link(moved, letters, config):
    """The new number is masked in both."""
    text, mail = letters.wait_for(moved.old_phone, "phone_changed"), letters.wait_for(MAIL, "phone_changed")
    assert text.link == mail.link == f"{config.public_url}/undo-phone#token={moved.undo_token}"
    assert text.link in text.text
    assert moved.phone not in text.text + mail.text
    assert moved.phone[-4:] in text.text
    assert letters.settled(moved.phone) == []


def test_a_wrong_password_burns_no_code_of_the_new_number(registered):
    """R30: the old side is proven first."""
    phone = new_phone()
    sms_id = registered.send_code("change_phone", phone)
    code = registered.last_code(phone)
    for proof in ({"current_password": "a wrong password"}, {"old_sms_id": "x" * 38, "old_code": "123456"}):
        assert change_phone(registered, sms_id, code, **proof).status in (403, 410)
    assert (
        registered.client.put("/v1/me/phone", json={"sms_id": sms_id, "code": code}, token=registered.access_token).code
        == "reauthentication_required"
    )
    assert change_phone(registered, sms_id, code).status == 200


def test_a_wrong_code_of_the_new_number_leaves_the_old_one_good(registered, pass_time):
    pass_time(seconds=61)
    phone = new_phone()
    proof = {"old_sms_id": registered.send_code("confirm"), "old_code": registered.last_code()}
    sms_id = registered.send_code("change_phone", phone)
    for left in (4, 3):
        reply = change_phone(registered, sms_id, registered.wrong_code(phone), **proof)
        assert (reply.code, reply.json["attempts_left"]) == ("code_incorrect", left)
    assert change_phone(registered, sms_id, registered.last_code(phone), **proof).status == 200


def test_a_code_that_another_account_asked_for_is_not_taken(registered, pass_time):
    """R5: a challenge of ``change_phone`` is bound to the account that asked."""
    other, phone = registered.another(), new_phone()
    other.register()
    sms_id = other.send_code("change_phone", phone)
    assert change_phone(registered, sms_id, registered.last_code(phone)).code == "code_expired"
    pass_time(seconds=61)
    sms_id = registered.send_code("login", phone)
    assert change_phone(registered, sms_id, registered.last_code(phone)).code == "code_expired"


def test_a_number_that_has_an_account_is_told_to_its_holder_only(registered, pass_time, rows):
    """409 comes after possession is proven; before it, a wrong code is a wrong code."""
    other = registered.another()
    other.register()
    pass_time(seconds=61)
    sms_id = registered.send_code("change_phone", other.phone)
    assert change_phone(registered, sms_id, registered.wrong_code(other.phone)).code == "code_incorrect"
    reply = change_phone(registered, sms_id, registered.last_code(other.phone))
    assert (reply.status, reply.code) == (409, "phone_registered")
    assert rows.user(registered.phone)["id"] == registered.me().json["id"]


def test_the_own_number_again(registered, pass_time):
    pass_time(seconds=61)
    assert move(registered, registered.phone).code == "phone_registered"


def test_a_code_to_the_new_number_is_no_proof_while_the_change_can_be_undone(moved, pass_time, rows):
    """R30: for three days only the password counts."""
    pass_time(seconds=61)
    proof = {"sms_id": moved.send_code("confirm"), "code": moved.last_code()}
    assert change_password(moved, **proof).code == "reauthentication_required"
    pass_time(seconds=3 * 86400)
    moved.refresh()
    proof = {"sms_id": moved.send_code("confirm"), "code": moved.last_code()}
    assert change_password(moved, **proof).status == 200


def test_undoing_puts_the_old_phone_back_and_everybody_out(moved, rows, letters, pass_time):
    """R27: sessions and the password end; an SMS to the old number opens the account again."""
    assert moved.me().status == 200
    assert undo(moved, moved.undo_token).status == 204
    user = rows.user(moved.old_phone)
    assert rows.sessions(user_id=user["id"], ended_at=None) == 0
    assert moved.me().code == "session_revoked"
    assert moved.try_refresh().code == "refresh_invalid"
    assert moved.try_login().code == "invalid_credentials"
    assert moved.try_login(password="nobody's password").code == "invalid_credentials"
    assert "phone_change_undone" in rows.events(user["id"])
    assert letters.wait_for(moved.old_phone, "phone_change_undone")
    assert letters.wait_for(MAIL, "phone_change_undone")
    pass_time(seconds=61)
    moved.phone = moved.old_phone
    moved.login_by_code()
    pass_time(seconds=61)
    assert reset(moved, moved.prove("reset_password")).status == 204
    assert moved.try_login(password=NEW_PASSWORD).status == 200


def test_an_undo_works_once(moved):
    assert undo(moved, moved.undo_token).status == 204
    assert undo(moved, moved.undo_token).code == "ticket_expired"


def test_an_undo_works_for_three_days(moved, clock):
    clock.advance(seconds=3 * 86400)
    reply = undo(moved, moved.undo_token)
    assert (reply.status, reply.code) == (410, "ticket_expired")


def test_a_token_that_is_none(moved):
    for token in ("x", "x" * 2048, moved.undo_token[:-1], moved.undo_token + "A", moved.access_token):
        reply = undo(moved, token)
        assert (reply.status, reply.code) == (422, "ticket_invalid")


def test_a_thief_who_changes_twice_is_undone_twice(moved, rows, letters):
    """The first number's token takes all later changes back, and theirs are used up by that."""
    second, third = moved.phone, new_phone()
    assert move(moved, third).status == 200
    later = letters.wait_for(second, "phone_changed").token
    assert undo(moved, moved.undo_token).status == 204
    assert rows.user(moved.old_phone)["id"]
    assert undo(moved, later).code == "ticket_expired"


def test_changes_undone_one_after_the_other(moved, rows, letters):
    second = moved.phone
    assert move(moved, new_phone()).status == 200
    assert undo(moved, letters.wait_for(second, "phone_changed").token).status == 204
    assert rows.user(second)["id"]
    assert undo(moved, moved.undo_token).status == 204
    assert rows.user(moved.old_phone)["id"]


def test_the_old_number_has_another_account_by_now(moved, pass_time):
    """Whoever lets go of a number may register it anew; then there is nothing to go back to."""
    pass_time(seconds=61)
    moved.another().register(moved.old_phone)
    reply = undo(moved, moved.undo_token)
    assert (reply.status, reply.code) == (409, "phone_registered")
    assert moved.me().status == 200


def test_the_operator_undoes_the_last_change(moved, client, rows):
    """For an owner who lost the message."""
    services = client.app.extensions["dongbao"]
    user_id = rows.user(moved.phone)["id"]
    source = Source("operator", "", "", "zh-CN")
    masked = services.phone_changes.undo_latest(user_id, source)
    assert masked.endswith(moved.old_phone[-4:])
    assert rows.user(moved.old_phone)["id"] == user_id
    with pytest.raises(NotFound):
        services.phone_changes.undo_latest(user_id, source)


def test_changes_are_deleted_when_they_can_not_be_undone(moved, client, clock):
    changes = client.app.extensions["dongbao"].phone_changes
    assert changes.purge() == 0
    clock.advance(seconds=3 * 86400)
    assert changes.purge() == 1
    assert undo(moved, moved.undo_token).code == "ticket_invalid"


def test_an_account_without_a_phone_gets_one(registered, rows, letters, pass_time):
    """Its code has nowhere to go, so the password is the only proof; there is no number to go back to."""
    rows.take_phone(registered.phone)
    registered.client.app.extensions["dongbao"].redis.flushall()
    assert registered.me().json["phone"] is None
    assert (
        registered.client.patch("/v1/me", json={"username": "renamed-shopper"}, token=registered.access_token).json[
            "phone"
        ]
        is None
    )
    reply = registered.ask_for_code("confirm")
    assert (reply.status, reply.code) == (403, "reauthentication_required")
    phone = new_phone()
    assert move(registered, phone).json["phone"].endswith(phone[-4:])
    assert letters.wait_for(MAIL, "phone_added")
