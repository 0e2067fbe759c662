"""Methods that a path does not have, and paths that there are not."""

import re

import pytest

from tests.clients import LiveClient
from tests.hostile.calls import UNKNOWN_SMS_ID
from tests.hostile.raw import converse, is_from_the_server_itself, request_head
from tests.hostile.soundness import assert_sound

pytestmark = pytest.mark.one_database

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "FOO", "POSTS")


@pytest.fixture
def rules(make_app):
    """Every path of the application, and its methods."""
    methods: dict[str, set[str]] = {}
    for rule in make_app().url_map.iter_rules():
        methods.setdefault(rule.rule, set()).update(rule.methods)
    return methods


def test_a_path_has_only_its_methods(live, rules):
    """R42: any other one is 405 with Allow, as a problem; TRACE echoes nothing."""
    for rule, allowed in rules.items():
        path = rule.replace("<sms_id>", UNKNOWN_SMS_ID).replace("<name>", "icon.svg")
        path = re.sub("<(session_id|secret|vendor)>", "x", path)
        assert "<" not in path
        for method in set(METHODS) - allowed:
            reply = converse(live, request_head(method, path, "X-Secret: do-not-echo", "Content-Length: 0"))
            assert_sound(method, reply)
            assert (reply.status, method, path) == (405, method, path)
            assert {name.strip() for name in reply.headers["Allow"].split(",")} == allowed
            assert b"do-not-echo" not in reply.body
        options = converse(live, request_head("OPTIONS", path, "Content-Length: 0"))
        assert options.status == 200
        assert {name.strip() for name in options.headers["Allow"].split(",")} == allowed


def test_a_get_can_be_asked_for_its_head(live, rules):
    for rule, allowed in rules.items():
        if "GET" in allowed and "<" not in rule:
            got, head = (LiveClient(live.url).request(method, rule) for method in ("GET", "HEAD"))
            assert (head.status, head.body) == (got.status, b"")


STRANGE = {
    "NUL": "%00",
    "NUL inside": "abc%00def",
    "line ends": "%0d%0aX-Evil:%201",
    "no UTF-8": "%ff%fe",
    "a surrogate": "%ED%A0%80",
    "an emoji": "%F0%9F%98%80",
    "Chinese": "%E5%92%9A%E5%AE%9D",
    "a bad escape": "%zz%",
    "SQL": "'%20OR%20'1'='1",
    "a format": "%7B0.__class__%7D",
    "a Redis pattern": "*%3F%5B%5D",
    "a hash tag": "%7Bx%7D%7By%7D",
    "5,000 characters": "x" * 5000,
    "38 characters": "A" * 38,
    "another phone's": "A" * 22 + "f" * 16,
    "full-width": "%EF%BC%A1" * 22 + "0" * 16,
    "a line end behind it": "A" * 22 + "0" * 16 + "%0a",
    "a number": "1e400",
    "a dot": "a.b",
    "a semicolon": "a;b=c",
}


@pytest.mark.parametrize("label", STRANGE)
def test_a_strange_id_is_just_unknown(live, live_shopper, label):
    """R35: 410 for a code's, 404 for a session's, a user name is invalid, and a word for yes is neither yes nor no."""
    live_shopper.register()
    strange, guess = STRANGE[label], b'{"code": "123456"}'
    for path, data in ((f"/v1/sms/{strange}/verify", guess), (f"/v1/sms/{strange}/resend", b"")):
        fields = ("Content-Type: application/json", f"Content-Length: {len(data)}")
        reply = converse(live, request_head("POST", path, *fields), data)
        assert_sound("POST", reply)
        assert reply.code == "code_expired"
    token = f"Authorization: Bearer {live_shopper.access_token}"
    reply = converse(live, request_head("DELETE", f"/v1/sessions/{strange}", token))
    assert_sound("DELETE", reply)
    assert reply.code == "not_found"
    reply = converse(live, request_head("GET", f"/v1/register/availability?username={strange}"))
    assert_sound("GET", reply)
    assert reply.status == 200
    assert reply.json["available"] or reply.json["reason"] == "invalid"
    reply = converse(live, request_head("DELETE", f"/v1/sessions?keep_current={strange}&{strange}", token))
    assert_sound("DELETE", reply)
    assert list(reply.json["errors"]) == ["keep_current"]


@pytest.mark.parametrize(
    "target",
    [
        *("/nothing", "/v1//me", "/v1/me/", "/V1/me", "/v1/me/../me", "/v1/%6de/", "/v1/me%2f", "/v1/me%00", "/."),
        *(
            "/docs/../api/app.py",
            "/docs/%2e%2e%2fapp.py",
            "/docs/..%5capp.py",
            "/docs/",
            "/dev/inbox.js/x",
            "/static/x",
        ),
        *(
            "/%ff",
            "/" + "x" * 9000,
            "/" + "a/" * 3000,
            "/v1/sms/a/b/verify",
            "/v1/sessions/a/b",
            "/.env",
            "/.git/config",
        ),
    ],
)
def test_a_path_that_there_is_not(live, target):
    """R35, R42: 404 as a problem, never a redirection or a page."""
    reply = converse(live, request_head("GET", target))
    assert_sound("GET", reply)
    assert reply.code == "not_found"


@pytest.mark.parametrize(
    "start",
    [
        b"GET  /healthz HTTP/1.1\r\n",
        b"GET /healthz\r\n",
        b"GET healthz HTTP/1.1\r\n",
        b"GET /healthz HTTP/9.9\r\n",
        b"GET /health z HTTP/1.1\r\n",
        b"GET /\x00 HTTP/1.1\r\n",
        b"GET /\xff HTTP/1.1\r\n",
        b"GET * HTTP/1.1\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n",
        b"GET http://evil.example/healthz HTTP/1.1\r\n",
        b"G\x00T /healthz HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
        b"PRI * HTTP/2.0\r\n",
        b"\r\n" * 50,
        b"x" * 40000,
    ],
)
def test_a_request_line_that_is_none(live, live_client, start):
    """R35: whoever refuses it, it is no failure of ours, and the next client is served."""
    reply = converse(live, start + b"Host: x\r\n\r\n")
    if reply is not None and not is_from_the_server_itself(reply):
        assert_sound("GET", reply)
    assert live_client.get("/healthz").status == 200


def test_an_old_or_strange_host_is_answered(live):
    """R35: no reply repeats the Host that was sent."""
    for head in (
        b"GET /v1/me HTTP/1.0\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: evil.example:99999\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: [::1\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: a b\r\n\r\n",
    ):
        reply = converse(live, head)
        if not is_from_the_server_itself(reply):
            assert_sound("GET", reply)
            assert reply.code == "token_missing"
            assert b"evil.example" not in reply.body
