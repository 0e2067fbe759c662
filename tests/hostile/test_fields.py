"""Every field of every body, with everything that it is not meant to hold."""

import json

import pytest

from tests.hostile.calls import WITH_BODY, WITHOUT_BODY
from tests.settings import PLENTY

DEEP, DEEPER, DEEPEST = (b"[" * depth + b"]" * depth for depth in (30, 33, 8000))
# JSON texts by the statuses that they may have where a string is expected.
MALFORMED = {
    "a lone high surrogate": rb'"\ud800"',
    "a lone low surrogate": rb'"ab\udc00cd"',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "no UTF-8": b'"\xff\xfe"',
    "a bare NUL": b'"\x00"',
    "a bare line end": b'"a\nb"',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "a number of 5,000 digits": b"9" * 5000,
    "33 levels": DEEPER,
    "8,000 levels": DEEPEST,
    "9,000 levels without an end": b"[" * 9000,
    "9,000 objects without an end": b'{"a":' * 3000,
    "a string without an end": b"[" * 33 + b'"' + rb"\"" * 8000,
    "duplicate keys inside": b'{"a": 1, "a": 2}',
    "nothing": b"",
}
NO_STRING = {
    "null": b"null",
    "true": b"true",
    "0": b"0",
    "a float": b"-1.5e-3",
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "a number of 4,000 digits": b"9" * 4000,
    "an empty list": b"[]",
    "a list": b'["13800138000"]',
    "an object": b'{"$ne": null}',
    "30 levels": DEEP,
}
STRINGS = {
    "empty": '""',
    "a blank": '" "',
    "NUL": r'"\u0000"',
    "NUL inside": r'"abc\u0000defgh"',
    "line ends": r'"abc\r\ndefgh: x"',
    "an escape": r'"\u001b[31mabcdefgh"',
    "right to left": r'"\u202eabcdefgh"',
    "nothing to see": r'"\u200b\u200d\ufeff\u2060"',
    "an emoji": r'"\ud83d\ude00"',
    "a family": '"👨‍👩‍👧‍👦"',
    "noncharacters": '"\uffff\ufffe\U0010ffff"',
    "a tower of accents": '"a' + "\u0300\u0316" * 3000 + '"',
    "ligatures": '"' + "\ufdfa" * 4000 + '"',
    "15,000 digits": '"' + "1" * 15000 + '"',
    "15,000 dots": '"' + "a." * 7500 + '"',
    "15,000 at signs": '"' + "@" * 15000 + '"',
    "a long domain": '"a@' + "a." * 7000 + 'com"',
    "SQL": "\"' OR '1'='1' --\"",
    "a format": '"{0.__class__} %s %n {attempts_left}"',
    "a path": '"../../../../etc/passwd"',
    "HTML": '"<script>alert(1)</script>"',
    "a number": '"1e400"',
    "a truth": '"true"',
}
pytestmark = pytest.mark.settings(LIMIT_LOGIN_PER_ACCOUNT=PLENTY, LIMIT_EMAIL_PER_ACCOUNT=PLENTY)
FIELDS = [(call, name) for call in WITH_BODY for name in call.body]
GUARDED_FIELDS = [(call, name) for call, name in FIELDS if call.needs_token and name != "purpose"]
# What is free text, so that many strange ones are right; or, in a login, may be one that nobody has.
FREE = {"username", "password", "account"}


@pytest.fixture
def put(live_shopper):
    """``put(call, field, value)``: make a call with a JSON text in one field; the others stay as they should be."""
    tickets = []

    def put(call, name, value):
        if call.needs_token and not live_shopper.access_token:
            live_shopper.register()
        if "ticket" in call.body and not tickets:
            tickets.append(live_shopper.another().prove())
        base = call.fields(*tickets)
        # What confirms a password has to say the same, where both have room in 16 KiB.
        twice = name == "password" and "password_confirm" in base and len(value) < 6000
        names = {"password", "password_confirm"} if twice else {name}
        parts = {field: json.dumps(text).encode() for field, text in base.items()} | dict.fromkeys(names, value)
        data = b"{" + b", ".join(b'"%s": %s' % (field.encode(), text) for field, text in parts.items()) + b"}"
        token = live_shopper.access_token if call.needs_token else None
        reply = live_shopper.client.request(call.method, call.path, data=data, token=token, headers=call.headers)
        if reply.status == 201:
            tickets.clear()
        return reply

    return put


def test_every_call_is_on_the_list(make_app):
    """R35: a call that is new here has to be tried with hostile values too: add it to calls.py."""
    made = {
        (method, rule.rule)
        for rule in make_app().url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    assert made == {(call.method, call.rule) for call in WITH_BODY + WITHOUT_BODY}


@pytest.mark.parametrize(("call", "name"), FIELDS, ids=str)
def test_no_value_breaks_a_field(put, call, name):
    """R35: malformed JSON is 400, another type is 422 by the field's name, a strange text is refused or taken, never 5xx."""
    for label, value in MALFORMED.items():
        assert (put(call, name, value).status, label) == (400, label)
    for label, value in NO_STRING.items():
        reply = put(call, name, value)
        assert (reply.status, reply.code, label) == (422, "validation_failed", label)
        assert name in reply.json["errors"], label
    allowed = {401, 410, 422} | ({403} if call.needs_token else set()) | ({200, 201, 409} if name in FREE else set())
    allowed |= {200} if call.as_service else set()
    for label, value in STRINGS.items():
        reply = put(call, name, value.encode())
        assert reply.status in allowed, f"{label}: {reply.status} {reply.body!r}"
    assert put(call, name, b'"' + b"a" * 17000 + b'"').status == 413
    assert put(call, name, b'"a", "%s": "b"' % name.encode()).code == "malformed_json"


@pytest.mark.parametrize(("call", "name"), GUARDED_FIELDS, ids=str)
def test_no_value_is_looked_at_before_the_token(live_client, call, name):
    """R35: without the token that is needed a call is 401 whatever its fields hold, and 400 for what is no JSON."""
    for values, code in ((NO_STRING, "token_missing"), (MALFORMED, "malformed_json")):
        for label, value in values.items():
            data = b'{"%s": %s}' % (name.encode(), value)
            assert (live_client.request(call.method, call.path, data=data).code, label) == (code, label)
