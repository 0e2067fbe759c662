"""Taking everything along."""

import json


def export(shopper):
    return shopper.client.get("/v1/me/export", token=shopper.access_token)


def test_everything_is_in_it_and_the_phone_in_full_once(shopper):
    shopper.register(email="zhang.san@example.com")
    shopper.login()
    held = export(shopper).json
    assert (held["account"]["phone"], held["account"]["email"]) == (shopper.phone, "zhang.san@example.com")
    assert json.dumps(held).count(shopper.phone) == 1
    assert len(held["sessions"]) == 2
    assert [event["type"] for event in held["events"]] == ["registered", "logged_in", "exported"]
    (message,) = held["messages"]
    assert (message["purpose"], message["phone"]) == ("register", f"+86139****{shopper.phone[-4:]}")
    assert message["verified_at"]


def test_no_secret_is_in_it(shopper):
    """R45: no hash, code or token."""
    shopper.register()
    text = export(shopper).body.decode()
    for secret in ("argon2", shopper.access_token, shopper.refresh_token, "gateway", "counter"):
        assert secret not in text


def test_what_was_sent_to_the_phone_before_it_was_the_shopper_s_is_another_s(shopper, pass_time):
    shopper.send_code("login")
    pass_time(86400)
    shopper.register()
    assert [message["purpose"] for message in export(shopper).json["messages"]] == ["register"]


def test_nobody_else_is_in_it(shopper):
    """R45."""
    other = shopper.another()
    other.register()
    shopper.register()
    text = export(shopper).body.decode()
    assert other.username not in text
    assert other.phone[-8:] not in text


def test_an_account_may_export_ten_times_an_hour(shopper):
    shopper.register()
    assert [export(shopper).status for _ in range(10)] == [200] * 10
    assert export(shopper).code == "rate_limited"
    other = shopper.another()
    other.register()
    assert export(other).status == 200


def test_without_a_token_nothing_is_told(client):
    assert client.get("/v1/me/export").code == "token_missing"
