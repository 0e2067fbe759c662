"""Bodies of every kind: 400, 413, 415 or 422, never 5xx, and in the order of the contract."""

import json
import time

import pytest

pytestmark = pytest.mark.one_database

TOKEN = "TOKEN"
CALLS = {
    "POST /v1/sms": {"phone": "13800138000", "purpose": "register"},
    "POST /v1/sms/x/verify": {"code": "123456"},
    "POST /v1/register": {
        "ticket": "x",
        "username": "somebody",
        "email": "a@example.com",
        "password": "correct horse",
        "password_confirm": "correct horse",
    },
    "POST /v1/login": {"account": "somebody", "password": "correct horse"},
    "POST /v1/login ": {"sms_id": "x", "code": "123456"},
    "POST /v1/token/refresh": {"refresh_token": "x"},
    "PATCH /v1/me": {"username": "somebody"},
}
FIELDS = [(call, field) for call, body in CALLS.items() for field in body]
JUNK = {
    "null": "null",
    "true": "true",
    "number": "5",
    "fraction": "-1.5e-3",
    "1e400": "1e400",
    "a number of 4,000 digits": "1" * 4000,
    "a number of 5,000 digits": "1" * 5000,
    "list": '["x"]',
    "object": '{"x": "y"}',
    "empty": '""',
    "NUL": '"\\u0000"',
    "NUL inside": '"some\\u0000body"',
    "half a surrogate pair": '"\\ud800"',
    "the other half": '"some\\udc00body"',
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "15 KiB": json.dumps("x" * 15000),
    "a megabyte": json.dumps("x" * 1_000_000),
    "a tower of accents": json.dumps("a" + "\u0316\u0300" * 1200),
    "a bomb of ligatures": json.dumps("\ufdfa" * 2000),
    "right to left": json.dumps("\u202esomebody"),
    "line ends": json.dumps("some\r\nbody: x"),
    "colours": json.dumps("\x1b[31msomebody"),
    "SQL": json.dumps("' OR 1=1 --"),
    "a format": json.dumps("{attempts_left} %s {0}"),
    "an emoji": json.dumps("\U0001f600"),
}


@pytest.fixture
def token(shopper):
    return shopper.register()["access_token"]


def send(client, call, data, **options):
    method, path = call.split()
    return client.request(method, path, data=data, **options)


def with_junk(call, field, junk):
    """The body of a call as bytes, with one field's value replaced by a piece of JSON."""
    marked = json.dumps(CALLS[call] | {field: "JUNK"})
    return marked.replace('"JUNK"', junk).encode()


@pytest.mark.parametrize(("call", "field"), FIELDS)
def test_no_value_of_a_field_breaks_the_server(shopper, token, call, field):
    """R35: each field of each body, with everything that JSON can say and some that it can't."""
    for name, junk in JUNK.items():
        reply = send(shopper.client, call, with_junk(call, field, junk), token=token)
        assert reply.status in (400, 401, 410, 413, 422), f"{name}: {reply.status} {reply.body.decode()}"


@pytest.mark.parametrize(("call", "field"), FIELDS)
@pytest.mark.parametrize("junk", ["null", "true", "5", "[]", "{}", "1e400"])
def test_another_type_is_named(shopper, token, call, field, junk):
    """R35: 422 with the field's name; null in an optional field too."""
    reply = send(shopper.client, call, with_junk(call, field, junk), token=token)
    assert (reply.status, reply.code, list(reply.json["errors"])) == (422, "validation_failed", [field])


MALFORMED = {
    "nothing": b"",
    "a word": b"hello",
    "a half": b'{"phone": "138',
    "two": b"{}{}",
    "single quotes": b"{'phone': 'x'}",
    "a trailing comma": b'{"phone": "x",}',
    "a comment": b"{} // x",
    "a form": b"phone=13800138000&purpose=register",
    "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"phone": "13800138000"}'.encode("utf-16"),
    "UTF-32": '{"phone": "13800138000"}'.encode("utf-32-le"),
    "GBK": '{"username": "张三"}'.encode("gbk"),
    "overlong UTF-8": b'{"phone": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"phone": "\xed\xa0\x80"}',
    "a raw NUL": b'{"phone": "\x00"}',
    "NaN": b'{"phone": NaN}',
    "Infinity": b'{"phone": Infinity}',
    "a name twice": b'{"phone": "13800138000", "phone": "13900139000", "purpose": "register"}',
    "a name twice, escaped": b'{"phone": "1", "p\\u0068one": "2"}',
    "a name twice, deep": b'{"phone": {"a": 1, "a": 2}}',
    "33 lists": b"[" * 33 + b"]" * 33,
    "33 objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "9,000 levels": b"[" * 8000 + b"]" * 8000,
    "brackets without end": b"[" * 16000,
    "quotation marks without end": b"[" * 33 + b'"' + b'\\"' * 8000,
    "half a surrogate pair": b'{"phone": "\\ud83d"}',
    "half a surrogate pair in a name": b'{"\\ud83d": "x"}',
}


@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_json_is_malformed(client, call, kind):
    """R35: 400 on every route with a body, before the token is looked at."""
    reply = send(client, call, MALFORMED[kind])
    assert (reply.status, reply.code) == (400, "malformed_json")


def test_no_body_takes_long_to_refuse(client):
    """R35: strings without end made a regular expression take seconds."""
    for data in MALFORMED.values():
        started = time.thread_time()
        client.post("/v1/login", data=data)
        assert time.thread_time() - started < 0.3


@pytest.mark.parametrize("data", [b"[]", b'"x"', b"5", b"null", b"true", b"[{}]", b"[" * 32 + b"]" * 32])
@pytest.mark.parametrize("call", CALLS)
def test_json_that_is_no_object_is_invalid(client, shopper, call, data):
    """R35: 422, and nesting of 32 levels is not too deep."""
    token = shopper.register()["access_token"] if call == "PATCH /v1/me" else None
    reply = send(client, call, data, token=token)
    assert (reply.status, reply.code, list(reply.json["errors"])) == (422, "validation_failed", ["body"])


def test_brackets_inside_a_text_are_no_nesting(client):
    reply = client.post("/v1/login", json={"account": '[{"\\' * 40, "password": "[" * 100})
    assert (reply.status, reply.code) == (401, "invalid_credentials")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "json"],
)
def test_a_body_is_declared_as_json(client, call, media_type):
    reply = send(client, call, b"{}", headers={"Content-Type": media_type})
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"]
)
def test_the_declaration_may_have_a_character_set_and_any_case(client, media_type):
    assert client.post("/v1/login", data=b"{}", headers={"Content-Type": media_type}).status == 422


def padded(size):
    return b"{" + b" " * (size - 2) + b"}"


@pytest.mark.parametrize("call", CALLS)
def test_a_body_has_16_kib_at_most(client, shopper, call):
    """R36: one byte more is 413, before anything else is said about it."""
    token = shopper.register()["access_token"]
    assert send(client, call, padded(16 * 1024), token=token).status in (200, 422)
    for size in (16 * 1024 + 1, 17 * 1024, 1_000_000):
        reply = send(client, call, padded(size), headers={"Content-Type": "text/plain"})
        assert (reply.status, reply.code) == (413, "payload_too_large")


def test_the_order_of_the_checks(client):
    """The body's size, its declaration, its form; then the token; then its fields."""
    too_large = client.patch("/v1/me", data=padded(17000), headers={"Content-Type": "text/plain"})
    undeclared = client.patch("/v1/me", data=b"{", headers={"Content-Type": "text/plain"})
    malformed = client.patch("/v1/me", data=b"{")
    without_token = client.patch("/v1/me", json={"username": "x"})
    assert [too_large.status, undeclared.status, malformed.status, without_token.status] == [413, 415, 400, 401]


@pytest.mark.parametrize("purpose", ["confirm", "change_phone"])
def test_the_order_of_the_checks_where_a_token_depends_on_the_body(client, purpose):
    """The same order at /v1/sms, whose purpose says whether a token is needed."""
    assert client.post("/v1/sms", json={"purpose": purpose, "phone": 5}).status == 401
    assert client.post("/v1/sms", json={"purpose": purpose}, token="x").code == "token_invalid"
    assert client.post("/v1/sms", data=b'{"purpose": "confirm"').status == 400


@pytest.mark.parametrize(
    "call", ["GET /v1/me", "POST /v1/logout", "GET /v1/sessions", "DELETE /v1/sessions", "GET /healthz"]
)
def test_a_body_where_none_is_read_does_no_harm(shopper, call):
    token = shopper.register()["access_token"]
    assert send(shopper.client, call, b"{" * 100, token=token).status in (200, 204)


def test_unknown_fields_are_named_in_their_own_script(client):
    reply = client.post("/v1/login", json={"是管理员": True, "account": "x", "password": "y"})
    assert reply.json["errors"] == {"是管理员": ["There is no such field."]}
