"""Leaving: the account is closed, thought better of, and in the end erased."""

import pytest

from tests.shopper import PASSWORD

DAY = 86400


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


def close(shopper, **proof):
    body = proof or {"current_password": shopper.password}
    return shopper.client.delete("/v1/me", json=body, token=shopper.access_token)


def confirm(shopper):
    """Fresh proof by code."""
    sms_id = shopper.send_code("confirm")
    return {"sms_id": sms_id, "code": shopper.last_code()}


def test_a_shopper_closes_the_account_and_is_logged_out_everywhere(registered, clock, rows):
    """R26: the very next call with any token is refused."""
    phone_session = registered.on(registered.client)
    phone_session.login()
    assert registered.me().status == phone_session.me().status == 200
    reply = close(registered)
    clock.advance(15 * DAY)
    until = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    clock.advance(-15 * DAY)
    assert (reply.status, reply.json) == (202, {"status": "closing", "erased_after": until})
    for session in (registered, phone_session):
        assert session.me().code == "session_revoked"
        assert session.try_refresh().code == "refresh_invalid"
    assert rows.sessions(ended_at=None) == 0


@pytest.mark.parametrize("login", ["login", "login_by_code"])
def test_logging_in_before_then_takes_it_back(registered, pass_time, login):
    pass_time(61)
    close(registered)
    old = registered.on(registered.client)
    pass_time(15 * DAY - 1)
    back = getattr(registered, login)()
    assert (back["user"]["status"], back["user"]["username"]) == ("active", registered.username)
    assert registered.me().json == back["user"]
    registered.refresh()
    assert old.me().code == "token_expired"
    assert old.try_refresh().code == "refresh_invalid"
    pass_time(DAY)
    registered.login()


def test_both_ends_are_told(registered, letters, engine, pass_time):
    close(registered)
    assert letters.wait_for(registered.phone, "closing").channel == "sms"
    registered.login()
    letters.wait_for(registered.phone, "reopened")
    registered.login()
    assert len(letters.settled(registered.phone, "reopened")) == 1
    events = [event["type"] for event in export(registered)["events"]]
    assert events == ["registered", "closing", "reopened", "logged_in", "logged_in", "exported"]


def test_a_verified_address_is_told_by_mail(registered, letters, rows):
    rows.verify_email(registered.phone, "zhang@example.com")
    close(registered)
    assert letters.wait_for("zhang@example.com", "closing").channel == "mail"


def test_a_code_is_proof_too(registered, pass_time):
    pass_time(61)
    assert close(registered, **confirm(registered)).status == 202


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"json": {"current_password": "wrong"}}])
def test_without_proof_nothing_happens(registered, options):
    """R30: a stolen access token alone closes nothing; a call without a body is one without proof."""
    reply = registered.client.delete("/v1/me", token=registered.access_token, **options)
    assert (reply.status, reply.code) == (403, "reauthentication_required")
    assert registered.me().json["status"] == "active"


def test_no_body_is_no_excuse_for_no_token(client):
    assert client.delete("/v1/me").code == "token_missing"


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": ""}])
def test_a_body_of_another_type_is_refused(registered, headers):
    reply = registered.client.delete("/v1/me", data=b"{}", token=registered.access_token, headers=headers)
    assert reply.code == "unsupported_media_type"


def test_a_wrong_code_closes_nothing(registered, pass_time):
    pass_time(61)
    proof = confirm(registered) | {"code": registered.wrong_code()}
    assert (close(registered, **proof).code, registered.me().status) == ("code_incorrect", 200)


def test_wrong_passwords_count_with_the_logins(make_app, make_shopper):
    shopper = make_shopper(make_app(LIMIT_LOGIN_PER_ACCOUNT="2/minute"))
    shopper.register()
    for _ in range(2):
        assert close(shopper, current_password="wrong").status == 403
    assert close(shopper).code == shopper.try_login().code == "rate_limited"


def test_the_address_counts_too(make_app, make_shopper):
    shopper = make_shopper(make_app(LIMIT_LOGIN_PER_ADDRESS="1/minute"))
    shopper.register()
    assert shopper.client.delete("/v1/me", token=shopper.access_token).status == 403
    assert close(shopper).code == "rate_limited"


def test_while_it_is_closing_everything_stays_taken(registered, pass_time, rows):
    rows.verify_email(registered.phone, "zhang@example.com")
    close(registered)
    other = registered.another()
    ticket = other.prove()
    assert other.fill_in(ticket, username=registered.username).code == "username_taken"
    assert other.fill_in(ticket, email="Zhang@example.com").code == "email_taken"
    pass_time(61)
    sms_id = other.send_code("register", registered.phone)
    assert other.verify(sms_id, other.last_code(registered.phone)).code == "phone_registered"


def test_when_its_time_is_over_a_login_fails_like_any_other(registered, pass_time):
    """R47: the same as for somebody who never was, to the byte; before the job has erased it."""
    close(registered)
    pass_time(15 * DAY)
    headers = {"X-Request-ID": "same"}
    replies = [
        registered.client.post("/v1/login", json={"account": account, "password": PASSWORD}, headers=headers)
        for account in (registered.username, registered.phone, "nobody-at-all")
    ]
    assert [reply.code for reply in replies] == ["invalid_credentials"] * 3
    assert len({(reply.body, str(sorted(reply.headers))) for reply in replies}) == 1


def test_when_its_time_is_over_the_phone_is_free_at_once(registered, pass_time, rows):
    old = registered.client.get("/v1/me", token=registered.access_token).json
    close(registered)
    pass_time(15 * DAY)
    sms_id = registered.send_code("login")
    reply = registered.try_login_by_code(sms_id, registered.last_code())
    assert (reply.status, reply.code) == (404, "phone_not_registered")
    assert registered.fill_in(reply.json["ticket"]).status == 201
    registered.login()
    assert registered.me().json["id"] != old["id"]


def test_who_registers_with_the_phone_of_an_account_that_is_over_may(registered, pass_time):
    close(registered)
    pass_time(15 * DAY)
    registered.register(username=registered.username)


def export(shopper):
    reply = shopper.client.get("/v1/me/export", token=shopper.access_token)
    assert reply.status == 200, reply.body
    return reply.json
