"""The account itself: seeing it, renaming it."""

import json

import pytest


@pytest.fixture
def registered(shopper):
    shopper.register(username="Zhao_Liu")
    return shopper


def rename(shopper, username):
    return shopper.client.patch("/v1/me", json={"username": username}, token=shopper.access_token)


def test_me_shows_the_profile_and_the_phone_masked(registered):
    """R45: no hash, no full phone, nothing of the inside."""
    profile = registered.me().json
    assert profile.keys() == {"id", "username", "phone", "email", "email_verified", "status", "created_at"}
    assert profile["phone"] == f"+86139****{registered.phone[-4:]}"


def test_me_asks_who_is_there(client):
    reply = client.get("/v1/me")
    assert (reply.status, reply.code) == (401, "token_missing")


def test_a_new_name_shows_everywhere_at_once(registered):
    registered.me()
    renamed = rename(registered, "赵六")
    assert (renamed.status, renamed.json["username"]) == (200, "赵六")
    assert registered.me().json == renamed.json
    assert registered.login(account="赵六")["user"] == renamed.json
    assert registered.try_login(account="Zhao_Liu").code == "invalid_credentials"


def test_an_old_name_is_free_again(registered):
    rename(registered, "Zhao-Liu-2")
    registered.another().register(username="zhao_liu")


def test_a_name_may_change_its_case(registered):
    assert rename(registered, "ZHAO_LIU").json["username"] == "ZHAO_LIU"


def test_a_taken_name_is_refused_and_the_old_one_stays(registered):
    other = registered.another()
    other.register(username="Sun_Qi")
    reply = rename(registered, "sun_qi")
    assert (reply.status, reply.code) == (409, "username_taken")
    assert registered.me().json["username"] == "Zhao_Liu"


@pytest.mark.parametrize("username", ["x", "13800138000", "two words", None, 5])
def test_a_name_against_the_rules_is_refused(registered, username):
    reply = rename(registered, username)
    assert (reply.status, list(reply.json["errors"])) == (422, ["username"])


def test_changing_nothing_answers_the_profile(registered):
    reply = registered.client.patch("/v1/me", json={}, token=registered.access_token)
    assert (reply.status, reply.json) == (200, registered.me().json)


@pytest.mark.parametrize(
    "field",
    [
        "is_admin",
        "id",
        "phone",
        "phone_verified",
        "email",
        "email_verified",
        "status",
        "credential_version",
        "password",
    ],
)
def test_nothing_but_the_name_can_be_assigned(registered, rows, field):
    """R46: every other field is refused, and the row stays as it was."""
    before = rows.user(registered.phone)
    body = {"username": "changed", field: "x"}
    reply = registered.client.patch("/v1/me", json=body, token=registered.access_token)
    assert (reply.status, reply.json["errors"].keys()) == (422, {field})
    assert rows.user(registered.phone) == before


@pytest.mark.parametrize(
    "field", ["is_admin", "id", "phone", "email_verified", "status", "credential_version", "created_at"]
)
def test_nothing_but_its_fields_can_be_assigned_at_registration(shopper, rows, field):
    """R46: the wizard takes its five fields only."""
    reply = shopper.fill_in(shopper.prove(), **{field: "disabled"})
    assert (reply.status, reply.json["errors"].keys(), rows.users()) == (422, {field}, 0)


def test_no_reply_shows_a_full_phone_or_a_hash(registered, pass_time):
    """R45: every reply of a walk is free of both."""
    pass_time(seconds=61)
    replies = [
        registered.ask_for_code("login").json,
        registered.ask_for_code("confirm").json,
        registered.login(),
        registered.me().json,
        registered.sessions(),
        registered.refresh(),
    ]
    shown = json.dumps(replies)
    assert registered.phone.removeprefix("+86") not in shown
    assert "argon2" not in shown
