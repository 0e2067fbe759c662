"""The registration wizard: 验证手机号 → 填写账号信息 → 注册成功."""

import pytest

from tests.shopper import new_phone

pytestmark = pytest.mark.mysql


def availability(client, username):
    return client.get("/v1/register/availability?username=" + username).json


def test_step_1_answers_what_the_page_needs_to_count_down(shopper):
    reply = shopper.ask_for_code("register", "13800138000")
    sms_id = reply.json["sms_id"]
    assert reply.status == 202
    assert reply.json == {
        "sms_id": sms_id,
        "phone": "+86138****8000",
        "purpose": "register",
        "code_length": 6,
        "expires_in": 300,
        "resend_after": 60,
    }


def test_a_right_code_becomes_a_ticket(shopper):
    sms_id = shopper.send_code()
    reply = shopper.verify(sms_id, shopper.last_code())
    assert reply.status == 200
    assert reply.json == {"ticket": reply.json["ticket"], "purpose": "register", "expires_in": 600}


def test_a_code_typed_in_full_width_digits_is_right(shopper):
    sms_id = shopper.send_code()
    assert shopper.verify(sms_id, shopper.last_code().translate({48 + i: 0xFF10 + i for i in range(10)})).status == 200


def test_a_resend_answers_like_a_send_with_the_time_that_is_left(shopper, pass_time):
    sms_id = shopper.send_code()
    pass_time(seconds=61)
    reply = shopper.resend(sms_id)
    assert reply.status == 202
    assert reply.json["sms_id"] == sms_id
    assert reply.json["resend_after"] == 60
    assert 237 <= reply.json["expires_in"] <= 239


def test_step_2_makes_the_account_and_logs_it_in(shopper, clock):
    session = shopper.register("+8613800138000", username="张三", email="Zhang.San@Example.COM")
    assert session == {
        "user": {
            "id": session["user"]["id"],
            "username": "张三",
            "phone": "+86138****8000",
            "email": "Zhang.San@example.com",
            "email_verified": False,
            "status": "active",
            "created_at": clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "token_type": "Bearer",
        "access_token": session["access_token"],
        "expires_in": 900,
        "refresh_token": session["refresh_token"],
        "refresh_expires_in": 2592000,
    }
    assert shopper.me().json == session["user"]


def test_two_shoppers_may_have_one_unverified_address(shopper):
    shopper.register(email="shared@example.com")
    shopper.another().register(email="shared@example.com")


@pytest.mark.parametrize(
    ("field", "value", "refused"),
    [
        ("username", "x", "username"),
        ("username", "two words", "username"),
        ("email", "nobody", "email"),
        ("password", "short", "password"),
        ("password", "password1", "password"),
        ("password_confirm", "another password", "password_confirm"),
    ],
)
def test_a_mistake_in_step_2_is_named_and_costs_nothing(shopper, field, value, refused):
    """R20: the ticket is as good after a refused body as before."""
    ticket = shopper.prove()
    reply = shopper.fill_in(ticket, **{field: value})
    assert (reply.status, reply.code, list(reply.json["errors"])) == (422, "validation_failed", [refused])
    assert shopper.fill_in(ticket).status == 201


def test_a_taken_name_does_not_lose_the_ticket(shopper):
    """R20: take a name, retry with another name and the same ticket."""
    first = shopper.another()
    first.register(username="Admin")
    ticket = shopper.prove()
    assert shopper.fill_in(ticket, username="admin").code == "username_taken"
    assert shopper.fill_in(ticket, username="admin2").status == 201


def test_an_address_that_another_account_has_verified_is_taken(shopper, rows):
    owner = shopper.another()
    owner.register()
    rows.verify_email(owner.phone, "owner@example.com")
    ticket = shopper.prove()
    assert shopper.fill_in(ticket, email="Owner@example.com").code == "email_taken"
    assert shopper.fill_in(ticket, email="other@example.com").status == 201


def test_a_ticket_makes_one_account(shopper, rows):
    """R18: a used ticket answers that the phone has an account now."""
    ticket = shopper.prove()
    assert shopper.fill_in(ticket).status == 201
    assert shopper.fill_in(ticket, username="somebody-else").code == "phone_registered"
    assert rows.users() == 1


def test_a_registered_phone_learns_it_only_after_the_code(shopper, pass_time):
    shopper.register()
    pass_time(seconds=61)
    sms_id = shopper.send_code("register")
    reply = shopper.verify(sms_id, shopper.last_code())
    assert (reply.status, reply.code) == (409, "phone_registered")
    assert shopper.verify(sms_id, shopper.last_code()).code == "code_expired"


def test_asking_for_a_code_shows_nothing_of_an_account(shopper, pass_time):
    """R48: the replies for a known and an unknown phone differ in the number's own digits and the id alone."""
    shopper.register()
    pass_time(seconds=61)
    for purpose in ("register", "login", "reset_password"):
        known, unknown = shopper.ask_for_code(purpose), shopper.ask_for_code(purpose, new_phone())
        assert known.status == unknown.status == 202
        assert known.json | {"sms_id": "", "phone": ""} == unknown.json | {"sms_id": "", "phone": ""}
        pass_time(seconds=61)


def test_reset_for_a_phone_without_an_account_gives_a_ticket_to_register(shopper):
    sms_id = shopper.send_code("reset_password")
    reply = shopper.verify(sms_id, shopper.last_code())
    assert (reply.status, reply.code) == (404, "phone_not_registered")
    assert shopper.fill_in(reply.json["ticket"]).status == 201


def test_a_name_is_free_until_it_is_taken(shopper):
    assert availability(shopper.client, "Li-Si") == {"username": "Li-Si", "available": True}
    shopper.register(username="Li-Si")
    for spelling in ("Li-Si", "li-si", "LI-SI"):
        taken = {"username": spelling, "available": False, "reason": "taken"}
        assert availability(shopper.client, spelling) == taken


@pytest.mark.parametrize("username", ["", "x", "13800138000", "a%20b", "%E2%80%8Bab", "a" * 31, "%00ab", "%ff%feab"])
def test_a_name_that_breaks_the_rules_is_not_to_be_had(client, username):
    reply = client.get(f"/v1/register/availability?username={username}")
    assert (reply.status, reply.json["available"], reply.json["reason"]) == (200, False, "invalid")


def test_availability_without_a_name_says_invalid(client):
    assert client.get("/v1/register/availability").json["reason"] == "invalid"


@pytest.mark.parametrize("language", ["zh-CN", "en", "fr", None])
def test_the_message_is_in_the_language_of_the_page(shopper, gateway, language):
    shopper.client.language = language
    shopper.send_code()
    english = "[Dongbao]" in gateway.messages[0].text
    assert english == (language == "en")
    assert gateway.messages[0].code in gateway.messages[0].text
