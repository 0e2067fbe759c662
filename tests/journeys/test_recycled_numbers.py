"""二次放号: a number that was given up, and whoever has it now."""

import pytest
from sqlalchemy import delete, text, update

from models import Session
from tests.changes import DORMANT, NEW_PASSWORD, change_phone, keep, reset
from tests.shopper import new_phone, new_username
from tests.waiting import wait_until

MAIL = "former@example.com"


@pytest.fixture
def former(shopper, rows, redis):
    """Registered, with a verified address, and not seen for half a year; ``user_id`` besides."""
    shopper.register()
    rows.verify_email(shopper.phone, MAIL)
    rows.age_user(shopper.phone, DORMANT)
    redis.flushall()
    shopper.user_id = rows.user(shopper.phone)["id"]
    shopper.access_token = ""
    return shopper


@pytest.fixture
def newcomer(former, make_shopper):
    """Has the number today."""
    return make_shopper(former.client, former.phone)


def try_code(shopper):
    sms_id = shopper.send_code("login")
    return shopper.try_login_by_code(sms_id, shopper.last_code())


def without(reply):
    """The body but for what differs anyway."""
    return reply.json | {"request_id": "", "ticket": ""}


def test_a_code_does_not_open_a_dormant_account(newcomer, pass_time):
    """The newcomer gets what any number without an account gets, and registers with it."""
    nobody = newcomer.another()
    refused, usual = try_code(newcomer), try_code(nobody)
    assert (refused.status, refused.code) == (404, "phone_not_registered")
    assert without(refused) == without(usual)
    assert newcomer.fill_in(refused.json["ticket"]).status == 201


def test_a_reset_does_not_open_it_either(newcomer):
    sms_id = newcomer.send_code("reset_password")
    reply = newcomer.verify(sms_id, newcomer.last_code())
    assert (reply.status, reply.code) == (404, "phone_not_registered")
    assert newcomer.fill_in(reply.json["ticket"]).status == 201


def test_registering_detaches_the_number_and_nothing_else(former, newcomer, rows, letters):
    """R45: the newcomer sees nothing of the former owner, who keeps the account, its password and its address."""
    session = newcomer.register(password=NEW_PASSWORD)
    assert session["user"]["id"] != former.user_id
    assert session["user"]["email_verified"] is False
    assert rows.user(former.phone)["id"] == session["user"]["id"]
    for account in (former.username, MAIL):
        former.login(account)
        assert former.me().json == former.me().json | {"id": former.user_id, "phone": None}
    assert former.try_login(former.phone).code == "invalid_credentials"
    assert "phone_detached" in rows.events(former.user_id)
    letter = letters.wait_for(MAIL, "phone_detached")
    assert former.phone not in letter.text


def test_the_former_owner_does_not_learn_where_the_newcomer_is(former, newcomer, engine):
    newcomer.register()
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT ip, device FROM security_events WHERE type LIKE 'phone_%' AND user_id = :user"),
            {"user": former.user_id},
        ).all()
    assert set(found) == {(None, None)}


def test_the_owner_keeps_the_number_by_the_mailed_link(former, newcomer, letters, rows, pass_time, config):
    """Afterwards codes open the account again."""
    try_code(newcomer)
    letter = letters.wait_for(MAIL, "phone_claimed")
    assert letter.link == f"{config.public_url}/keep-phone#token={letter.token}"
    assert former.phone not in letter.text
    assert keep(former, letter.token).status == 204
    assert {"phone_claimed", "phone_kept"} <= set(rows.events(former.user_id))
    pass_time(seconds=61)
    assert former.login_by_code()["user"]["id"] == former.user_id
    pass_time(seconds=61)
    assert reset(former, former.prove("reset_password")).status == 204
    assert former.try_login(password=NEW_PASSWORD).status == 200


def test_each_claim_is_mailed_and_a_link_works_once(former, newcomer, letters, pass_time):
    try_code(newcomer)
    token = letters.wait_for(MAIL, "phone_claimed").token
    assert keep(former, token).status == 204
    reply = keep(former, token)
    assert (reply.status, reply.code) == (410, "ticket_expired")


def test_a_link_lives_a_day(former, newcomer, letters, clock):
    try_code(newcomer)
    token = letters.wait_for(MAIL, "phone_claimed").token
    clock.advance(seconds=86401)
    assert keep(former, token).code == "ticket_expired"


def test_a_link_comes_too_late_when_the_number_is_gone(former, newcomer, letters):
    newcomer.register()
    assert keep(former, letters.wait_for(MAIL, "phone_claimed").token).code == "ticket_expired"


def test_a_link_that_is_none(former):
    for token in ("x", "x" * 2048):
        assert keep(former, token).code == "ticket_invalid"


def test_a_ticket_is_no_use_when_the_owner_came_back(former, newcomer, rows, letters):
    """The password is the second proof; so is the mailed link."""
    ticket = newcomer.prove()
    former.login(former.phone)
    reply = newcomer.fill_in(ticket)
    assert (reply.status, reply.code) == (409, "phone_registered")
    assert rows.user(former.phone)["id"] == former.user_id


def test_the_owner_keeps_the_number_while_the_newcomer_fills_in_the_form(former, newcomer, letters):
    ticket = newcomer.prove()
    keep(former, letters.wait_for(MAIL, "phone_claimed").token)
    assert newcomer.fill_in(ticket).code == "phone_registered"


@pytest.mark.parametrize("account", ["phone", "username", "email"])
def test_a_password_opens_a_dormant_account_as_ever(former, account, pass_time):
    former.login({"phone": former.phone, "username": former.username, "email": MAIL}[account])
    pass_time(seconds=61)
    assert former.login_by_code()["user"]["id"] == former.user_id


def test_half_a_year_less_a_day_is_not_dormant(shopper, rows, redis):
    """Each of registration, sessions and second proofs counts by itself."""
    shopper.register()
    rows.age_user(shopper.phone, DORMANT * (179 / 181))
    redis.flushall()
    shopper.access_token = ""
    assert try_code(shopper).status == 200


def test_a_refresh_keeps_an_account_awake(former, engine, clock):
    """A session that began long ago, and is in use."""
    with engine.begin() as connection:
        connection.execute(update(Session).values(refreshed_at=clock()))
    assert try_code(former).status == 200


def test_a_new_account_is_awake_although_its_sessions_are_forgotten(shopper, engine, redis):
    shopper.register()
    with engine.begin() as connection:
        connection.execute(delete(Session))
    redis.flushall()
    shopper.access_token = ""
    assert try_code(shopper).status == 200


def test_a_change_of_phone_to_the_number_detaches_it_too(former, rows, letters):
    other = former.another()
    other.register()
    sms_id = other.send_code("change_phone", former.phone)
    assert change_phone(other, sms_id, other.last_code(former.phone)).status == 200
    assert rows.user(former.phone)["id"] == other.me().json["id"]
    assert letters.wait_for(MAIL, "phone_detached")
    former.login()
    assert former.me().json["phone"] is None


def test_a_disabled_dormant_account_lets_its_number_go_untold(former, newcomer, rows, letters):
    """Nothing keeps a number with an account that nobody may use."""
    rows.set_user(former.phone, status="disabled")
    assert try_code(newcomer).code == "phone_not_registered"
    wait_until(lambda: "phone_claimed" in rows.events(former.user_id), "the claim among the events")
    assert letters.settled(MAIL) == []


def test_without_a_verified_address_nobody_is_mailed(former, newcomer, rows, letters):
    rows.set_user(former.phone, verified_email_key=None)
    newcomer.register()
    assert letters.settled(kind="phone_claimed") + letters.settled(kind="phone_detached") == []
    assert "phone_detached" in rows.events(former.user_id)


def test_an_account_without_a_phone_takes_a_new_one(former, newcomer):
    newcomer.register()
    former.login()
    phone = new_phone()
    sms_id = former.send_code("change_phone", phone)
    assert change_phone(former, sms_id, former.last_code(phone)).json["phone"].endswith(phone[-4:])


def test_the_newcomer_may_not_take_the_name(former, newcomer):
    ticket = newcomer.prove()
    assert newcomer.fill_in(ticket, username=former.username).code == "username_taken"
    assert former.try_login(former.phone).status == 200
    assert newcomer.fill_in(ticket, username=new_username()).code == "phone_registered"
