"""What holds for every reply, whatever was asked: the headers, and the shape of a failure."""

import re

from tests.clients import Client, Reply

PROBLEM = "application/problem+json"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ON_EVERY_REPLY = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ONLY_WITH = {"WWW-Authenticate": (401,), "Retry-After": (429, 503)}


class SoundClient(Client):
    """Another client, every reply to which has to be sound."""

    def __init__(self, client: Client):
        self._client = client

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        reply = self._client.exchange(method, path, body, headers)
        assert_sound(method, reply)
        return reply


def assert_sound(method: str, reply: Reply):
    """R41, R42, R43: headers are there, and only where they belong; a failure is a problem, and never our fault."""
    place = f"{method}: {reply.status} {dict(reply.headers)} {reply.body[:500]!r}"
    assert reply.status < 500 or reply.status == 503, place
    for name, value in ON_EVERY_REPLY.items():
        assert reply.headers.getlist(name) == [value], f"{name} in {place}"
    assert reply.headers["Strict-Transport-Security"].startswith("max-age="), place
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"], place
    assert REQUEST_ID.fullmatch(reply.headers["X-Request-ID"]), place
    assert "X-Powered-By" not in reply.headers, place
    assert "Set-Cookie" not in reply.headers, place
    assert not re.search(r"\d", reply.headers.get("Server", "")), place
    for name, statuses in ONLY_WITH.items():
        assert (name in reply.headers) == (reply.status in statuses), f"{name} in {place}"
    assert ("Allow" in reply.headers) == (reply.status == 405 or (method == "OPTIONS" and reply.status == 200)), place
    if reply.status >= 400 and method != "HEAD":
        _assert_problem(reply, place)


def _assert_problem(reply: Reply, place: str):
    assert reply.headers["Content-Type"] == PROBLEM, place
    problem = reply.json
    assert {"type", "title", "status", "code", "detail", "request_id"} <= problem.keys(), place
    assert problem["status"] == reply.status, place
    assert problem["type"].endswith(f"/errors#{problem['code']}"), place
    assert problem["request_id"] == reply.headers["X-Request-ID"], place
    if reply.status in ONLY_WITH["Retry-After"]:
        assert int(reply.headers["Retry-After"]) == problem["retry_after"] >= 1, place
    if reply.status == 401:
        scheme = "Basic" if problem["code"] == "invalid_client" else "Bearer"
        assert reply.headers["WWW-Authenticate"].startswith(scheme), place
