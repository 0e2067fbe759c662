"""Logging in: by name, phone or verified address with a password, or by a code."""

import pytest

from tests.shopper import new_phone


@pytest.fixture
def registered(shopper, pass_time):
    """A shopper with an account, whose phone may get another message."""
    shopper.register(username="Wang_Wu")
    pass_time(seconds=61)
    return shopper


@pytest.mark.parametrize("spelling", ["Wang_Wu", "wang_wu", "WANG_WU", "Ｗａｎｇ＿Ｗｕ", " Wang_Wu "])
def test_by_name_in_any_spelling(registered, spelling):
    assert registered.login(account=spelling)["user"]["username"] == "Wang_Wu"


@pytest.mark.parametrize("form", ["+86{}", "{}", "0086{}", "86 {}", "+86-{}"])
def test_by_phone_in_any_spelling(registered, form):
    account = form.format(registered.phone.removeprefix("+86"))
    assert registered.login(account=account)["user"]["username"] == "Wang_Wu"


def test_by_phone_in_full_width_digits(registered):
    account = registered.phone.removeprefix("+86").translate({48 + i: 0xFF10 + i for i in range(10)})
    registered.login(account=account)


def test_by_an_address_once_it_is_verified(registered, rows):
    rows.set_user(registered.phone, email="wang@example.com")
    assert registered.try_login(account="wang@example.com").code == "invalid_credentials"
    rows.verify_email(registered.phone, "wang@example.com")
    assert registered.login(account="Wang@Example.com")["user"]["email_verified"] is True


def test_by_code(registered):
    assert registered.login_by_code()["user"]["username"] == "Wang_Wu"
    assert registered.me().status == 200


def test_a_login_code_works_once(registered):
    """R1: the second use of a code is refused."""
    sms_id = registered.send_code("login")
    assert registered.try_login_by_code(sms_id, registered.last_code()).status == 200
    assert registered.try_login_by_code(sms_id, registered.last_code()).code == "code_expired"


def test_by_code_without_an_account_gives_a_ticket_to_register(shopper):
    sms_id = shopper.send_code("login")
    reply = shopper.try_login_by_code(sms_id, shopper.last_code())
    assert (reply.status, reply.code) == (404, "phone_not_registered")
    assert shopper.fill_in(reply.json["ticket"]).status == 201


def test_all_refusals_of_a_password_are_alike(registered, rows):
    """R47: unknown account, wrong password and disabled account answer the same, byte for byte."""

    def refusal(account, password):
        body = {"account": account, "password": password}
        reply = registered.client.post("/v1/login", json=body, headers={"X-Request-ID": "same"})
        assert reply.status == 401
        return reply.body, sorted(reply.headers.items())

    wrong = refusal("Wang_Wu", "not the password")
    assert refusal("nobody-at-all", registered.password) == wrong
    assert refusal(new_phone(), registered.password) == wrong
    assert refusal("nobody@example.com", registered.password) == wrong
    rows.set_user(registered.phone, status="disabled")
    assert refusal("Wang_Wu", registered.password) == wrong


def test_a_disabled_account_has_no_login_by_code(registered, rows):
    sms_id = registered.send_code("login")
    rows.set_user(registered.phone, status="disabled")
    assert registered.try_login_by_code(sms_id, registered.last_code()).code == "invalid_credentials"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "account"),
        ({"account": "Wang_Wu"}, "password"),
        ({"password": "secret secret"}, "account"),
        ({"sms_id": "x"}, "code"),
        ({"code": "123456"}, "account"),
        ({"account": "Wang_Wu", "code": "123456"}, "password"),
        ({"account": "Wang_Wu", "password": "secret", "sms_id": "x", "code": "123456"}, "account"),
        ({"account": "Wang_Wu", "password": None}, "password"),
    ],
)
def test_one_pair_and_not_both(client, body, field):
    reply = client.post("/v1/login", json=body)
    assert (reply.status, reply.code, list(reply.json["errors"])) == (422, "validation_failed", [field])


def test_a_login_is_a_session_of_its_own(registered):
    registered.login()
    registered.login()
    assert len(registered.sessions()) == 3


def test_costlier_hashing_reaches_an_account_at_its_next_login(registered, make_app, make_shopper, rows):
    """R39: a hash made with yesterday's costs is made anew when the password is at hand."""
    before = rows.user(registered.phone)["password_hash"]
    registered.on(make_shopper(make_app(argon2_iterations=2)).client).login()
    after = rows.user(registered.phone)["password_hash"]
    assert ("t=1" in before, "t=2" in after) == (True, True)
    registered.login()
