"""Fields that a body does not have: refused, and nothing of the account is changed."""

import pytest
from sqlalchemy import text

from tests.hostile.calls import WITH_BODY

FOREIGN = {
    "is_admin": True,
    "role": "admin",
    "id": "0" * 32,
    "user_id": "0" * 32,
    "phone_verified": True,
    "email_verified": True,
    "verified_email_key": "hostile@example.com",
    "status": "disabled",
    "epoch": 9,
    "credential_version": 9,
    "counter": 9,
    "created_at": "2020-01-01T00:00:00Z",
    "password_hash": "x",
    "username_key": "x",
    "user": {"id": "x"},
    "__class__": "x",
    "__proto__": {"is_admin": True},
    "_schema": "x",
    "body": "x",
    "$set": {"status": "active"},
    "user.id": "x",
    "username ": "x",
    "Username": "x",
    "": "x",
    "\u0000": "x",
    "username\u0000": "x",
    "咚宝": "x",
}


@pytest.fixture
def rows(engine):
    """What the database has of all accounts and sessions."""

    def read():
        with engine.connect() as connection:
            return [
                connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).all() for table in ("users", "sessions")
            ]

    return read


@pytest.mark.parametrize("call", WITH_BODY, ids=str)
def test_a_foreign_field_is_refused_and_changes_nothing(call, live_shopper, rows):
    """R46: 422 names the field, beside right ones and alone, and each row stays as it is."""
    live_shopper.register()
    ticket = live_shopper.another().prove()
    before = rows()
    for name, value in FOREIGN.items():
        for body in (call.fields(ticket) | {name: value}, {name: value} | call.fields(ticket)):
            token = live_shopper.access_token if call.needs_token else None
            reply = live_shopper.client.request(call.method, call.path, json=body, token=token, headers=call.headers)
            assert (reply.status, reply.code, name) == (422, "validation_failed", name)
            assert len(reply.json["errors"]) == 1
            assert (name if name != "_schema" else "body") in reply.json["errors"]
    assert rows() == before


def test_many_foreign_fields_are_no_burden(live_shopper):
    """R35, R46: as many unknown names as a body has room for are refused in one reply."""
    body = {f"f{i}": 0 for i in range(1300)}
    reply = live_shopper.client.post("/v1/login", json=body)
    assert (reply.status, len(reply.json["errors"])) == (422, 1300)


def test_a_query_is_no_body(live_shopper, rows):
    """R44, R46: what stands in the URL of a call with a body is not looked at."""
    live_shopper.register()
    before = rows()
    query = "?username=somebody-else&is_admin=true&password=x"
    assert live_shopper.client.patch(f"/v1/me{query}", json={}, token=live_shopper.access_token).status == 200
    assert live_shopper.client.post(f"/v1/login{query}", json={}).code == "validation_failed"
    assert rows() == before


def test_another_account_is_out_of_reach(live_shopper, rows):
    """R45: another's session can't be ended, and is not told from one that there is not."""
    live_shopper.register()
    victim = live_shopper.another()
    victim.register()
    theirs = victim.sessions()[0]["id"]
    refused = live_shopper.client.delete(f"/v1/sessions/{theirs}", token=live_shopper.access_token)
    unknown = live_shopper.client.delete(f"/v1/sessions/{'0' * 32}", token=live_shopper.access_token)
    assert (refused.status, refused.code) == (unknown.status, unknown.code) == (404, "not_found")
    live_shopper.client.delete("/v1/sessions", token=live_shopper.access_token)
    assert victim.me().status == 200
    assert [session["id"] for session in victim.sessions()] == [theirs]
