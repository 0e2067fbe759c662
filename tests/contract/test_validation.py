"""``check_reply`` itself: it lets through what is declared, and nothing else."""

import json
import time

import pytest
from werkzeug.datastructures import Headers

from tests.contract.validation import NotAsDeclared, check_reply

COMMON = {
    "Content-Type": "application/json",
    "X-Request-ID": "abc",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
SENT = {
    "sms_id": "abc",
    "phone": "+86138****8000",
    "purpose": "register",
    "code_length": 6,
    "expires_in": 300,
    "resend_after": 60,
}
ASKED = {"phone": "13800138000", "purpose": "register"}
PROBLEM = {
    "type": "https://dongbao.example/errors#rate_limited",
    "title": "Too many requests",
    "status": 429,
    "code": "rate_limited",
    "detail": "Try again in 7 seconds.",
    "request_id": "abc",
    "retry_after": 7,
}
REFUSED = COMMON | {"Content-Type": "application/problem+json", "Retry-After": "7"}


def sent(method="POST", path="/v1/sms", status=202, headers=COMMON, body=SENT, asked=None):
    check_reply(method, path, status, headers, b"" if body is None else json.dumps(body).encode(), asked)


def refused(path="/v1/sms", status=429, headers=REFUSED, **changes):
    check_reply("POST", path, status, headers, json.dumps(PROBLEM | changes).encode())


def elsewhere(code, status, method, path, headers=REFUSED):
    problem = {name: PROBLEM[name] for name in ("title", "detail", "request_id")}
    problem |= {"type": f"https://dongbao.example/errors#{code}", "status": status, "code": code}
    check_reply(method, path, status, headers, json.dumps(problem).encode())


def test_what_is_declared_passes():
    sent()
    sent(path="http://127.0.0.1:5000/v1/sms?x=1", method="post")
    sent(headers=Headers(COMMON))
    sent(headers=list(COMMON.items()))
    sent(asked=json.dumps(ASKED).encode())
    sent(path="/v1/sms/any%20thing/resend")
    refused()
    sent("GET", "/healthz", 200, body={"status": "ok"})
    sent("HEAD", "/healthz", 200, body=None)
    sent("OPTIONS", "/healthz", 200, COMMON | {"Allow": "GET, HEAD, OPTIONS"}, None)


def test_what_stands_nowhere_is_404_and_405():
    elsewhere("not_found", 404, "GET", "/v2/anything")
    elsewhere("not_found", 404, "POST", "/v1/sms/a%2Fb/verify")
    elsewhere("method_not_allowed", 405, "PUT", "/v1/sms", REFUSED | {"Allow": "OPTIONS, POST"})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"path": "/v1/smss"}, "no such path is declared"),
        ({"method": "PUT"}, "no such method"),
        ({"status": 200}, "not among the statuses of POST /v1/sms: 202, 400"),
        ({"headers": COMMON | {"Content-Type": "text/html"}}, "as text/html, declared are application/json"),
        ({"headers": {"Content-Type": "application/json"}}, "without the header X-Request-ID"),
        ({"headers": COMMON | {"Cache-Control": "no-cache"}}, "with the header Cache-Control"),
        ({"headers": [*COMMON.items(), ("Cache-Control", "no-cache")]}, "Cache-Control: no-store, no-cache"),
        ({"body": SENT | {"phone": "+8613800138000"}}, "body.phone"),
        ({"body": SENT | {"code": "048213"}}, "'code' was unexpected"),
        ({"body": {**SENT, "sms_id": None}}, "body.sms_id"),
        ({"body": None}, "no JSON"),
        ({"method": "HEAD", "path": "/healthz", "status": 200}, "with a body"),
        ({"method": "OPTIONS", "status": 200, "headers": {}}, "without the header"),
        ({"method": "OPTIONS", "status": 200, "path": "/v1/smss"}, "no such path is declared"),
        ({"path": "/v1/logout", "status": 204}, "with a body, where none is declared"),
        ({"asked": ASKED | {"colour": "red"}}, "to a request that is not declared"),
        ({"asked": {"phone": "13800138000", "purpose": "confirm"}}, "to a request that is not declared"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_reply_that_is_not_declared_fails(change, fault):
    with pytest.raises(NotAsDeclared) as failure:
        sent(**change)
    assert fault in str(failure.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"code": "sms_daily_limit", "type": "x:/errors#sms_daily_limit", "path": "/v1/register"},
            "declared are rate_limited",
        ),
        ({"code": "no_such_code"}, "no_such_code"),
        ({"status": 503}, "declared are sms_unavailable, service_unavailable"),
        ({"type": "https://dongbao.example/errors#sms_cooldown"}, "with code rate_limited and type"),
        ({"request_id": "other"}, "two different request ids"),
        ({"retry_after": 8}, "retry_after unlike Retry-After: 7"),
        ({"retry_after": 0}, "body.retry_after"),
        ({"attempts_left": 3}, "attempts_left"),
        ({"headers": REFUSED | {"Retry-After": "0"}}, "with the header Retry-After"),
        (
            {"headers": {name: value for name, value in REFUSED.items() if name != "Retry-After"}},
            "without the header Retry-After",
        ),
        ({"headers": REFUSED | {"Content-Type": "application/json"}}, "as application/json"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_problem_that_is_not_declared_fails(change, fault):
    with pytest.raises(NotAsDeclared) as failure:
        refused(**change)
    assert fault in str(failure.value)


def test_the_body_s_status_is_that_of_the_reply():
    with pytest.raises(NotAsDeclared, match="as the body's status"):
        check_reply("POST", "/v1/sms", 429, REFUSED, json.dumps(PROBLEM | {"status": 503}).encode())


@pytest.mark.parametrize("accepted", ["e\u0301" * 30, "Ａｌｉｃｅ", "张三"])
def test_lengths_are_those_of_normalised_text(accepted):
    user = {
        "id": "a",
        "username": "张三",
        "phone": "+86138****8000",
        "email": "zhangsan@example.com",
        "email_verified": False,
        "status": "active",
        "created_at": "2026-11-23T08:00:00Z",
    }
    sent("PATCH", "/v1/me", 200, body=user, asked={"username": accepted})


def test_a_check_takes_less_than_a_millisecond():
    calls = 200
    sent(asked=ASKED)
    started = time.thread_time()
    for _ in range(calls):
        sent(asked=ASKED)
    assert (time.thread_time() - started) / calls < 0.001
