"""What every reply carries, whatever it says."""

import re

import pytest

from sms.gateway import Outcome
from tests.clients import InProcessClient

pytestmark = pytest.mark.one_database

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
# The keys that other services verify tokens with may be kept, alone of all that is answered.
PUBLIC = {(method, "/.well-known/jwks.json"): "public, max-age=300" for method in ("GET", "HEAD")}
NOWHERE = "unix:///nonexistent/redis.sock"


class BrokenClock:
    """Has a defect of its own."""

    def __call__(self):
        raise KeyError("a defect")


@pytest.fixture
def away(make_app):
    """A server that reaches neither its database nor Redis."""
    return InProcessClient(
        make_app(database_url="sqlite:////nonexistent/x", redis_url=NOWHERE, ratelimit_storage_uri=NOWHERE)
    )


@pytest.fixture
def broken(make_app):
    """A server that has a defect."""
    return InProcessClient(make_app(clock=BrokenClock()))


def paths(client):
    """Each path of the app, with something where an id belongs."""
    return sorted({re.sub("<[^>]+>", "x", rule.rule) for rule in client.app.url_map.iter_rules()})


def sweep(client, **options):
    for path in [*paths(client), "/", "/nowhere", "/v1", "/v1/me/"]:
        for method in METHODS:
            yield method, path, client.request(method, path, **options)


def carries_the_common_headers(reply, kept="no-store"):
    headers = reply.headers
    return (
        headers.getlist("Cache-Control") == [kept]
        and headers.getlist("X-Content-Type-Options") == ["nosniff"]
        and headers.getlist("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
        and len(headers.getlist("Content-Security-Policy")) == 1
        and re.fullmatch("[0-9a-f]{16}", headers["X-Request-ID"])
    )


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"data": b"{"}, {"data": b"x" * 17000}, {"token": "x"}], ids=str)
def test_every_reply_of_every_route_carries_the_common_headers(client, options):
    """R41: 200, 204, 400, 401, 404, 405, 410, 413, 415 and 422 of all routes."""
    seen = set()
    for method, path, reply in sweep(client, **options):
        kept = PUBLIC.get((method, path), "no-store")
        assert carries_the_common_headers(reply, kept), f"{method} {path}: {reply.status} {reply.headers}"
        seen.add(reply.status)
    assert {200, 401, 404, 405} <= seen


def test_replies_of_a_server_in_trouble_carry_them_too(away, broken, gateway, client):
    """R41: 500, 503 and 429."""
    unavailable = away.post("/v1/login", json={"account": "x", "password": "y"})
    defect = broken.post("/v1/sms", json={"phone": "13800138000", "purpose": "login"})
    order = {"phone": "13800138000", "purpose": "login"}
    cooldown = [client.post("/v1/sms", json=order) for _ in range(2)][-1]
    gateway.outcome = Outcome.NOT_SENT
    unsent = client.post("/v1/sms", json={"phone": "13900139000", "purpose": "login"})
    replies = [unavailable, defect, cooldown, unsent]
    assert [reply.status for reply in replies] == [503, 500, 429, 503]
    assert all(carries_the_common_headers(reply) for reply in replies)


def test_replies_of_a_visit_carry_them_too(client, shopper, make_shopper, make_app):
    """R41: 200, 201, 202, 204, 403, 409, 410 and 422 of what is answered to people."""
    ticket = shopper.prove()
    closed, other = make_shopper(make_app()), shopper.another()
    replies = [
        shopper.fill_in(ticket, password="12345678"),
        shopper.fill_in(ticket),
        shopper.fill_in(ticket),
        shopper.login() and shopper.me(),
        other.ask_for_code(),
        other.verify("x", "123456"),
        client.put(
            "/v1/me/password", json={"password": "x" * 9, "password_confirm": "x" * 9}, token=shopper.access_token
        ),
        shopper.logout(),
        closed.me("x"),
    ]
    assert [reply.status for reply in replies] == [422, 201, 409, 200, 202, 410, 403, 204, 401]
    assert all(carries_the_common_headers(reply) for reply in replies)


def test_whatever_fails_is_a_problem(client):
    """R41, R42: JSON with its character set known, and never a page of HTML."""
    for method, path, reply in sweep(client):
        if reply.status >= 400 and method != "HEAD":
            assert reply.headers["Content-Type"] == "application/problem+json", f"{method} {path}"
            assert reply.json["status"] == reply.status
            assert reply.json["request_id"] == reply.headers["X-Request-ID"]


def test_only_declared_methods_are_answered(client):
    """R42: anything else is 405 with the list of what is allowed; TRACE nowhere."""
    for method, path, reply in sweep(client):
        allowed = reply.headers.get("Allow", "").split(", ")
        if reply.status == 405:
            assert method not in allowed
            assert "OPTIONS" in allowed, f"{method} {path}"
            assert not {"TRACE", "CONNECT"} & set(allowed)
        elif method in ("TRACE", "PROPFIND"):
            assert reply.status == 404, f"{method} {path}: {reply.status}"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/sms", {"POST"}),
        ("/v1/sms/x/verify", {"POST"}),
        ("/v1/register", {"POST"}),
        ("/v1/login", {"POST"}),
        ("/v1/register/availability", {"GET", "HEAD"}),
        ("/v1/sessions", {"GET", "HEAD", "DELETE"}),
        ("/v1/sessions/x", {"DELETE"}),
        ("/v1/me", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("/healthz", {"GET", "HEAD"}),
    ],
)
def test_allow_lists_exactly_what_there_is(client, path, allowed):
    """R42: and a method cannot be overridden by a header or a parameter."""
    reply = client.request("PROPFIND", path)
    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) == allowed | {"OPTIONS"}
    overridden = client.get("/v1/logout?_method=POST", headers={"X-HTTP-Method-Override": "POST"})
    assert overridden.status == 405


def test_no_reply_names_a_version_or_shows_a_trace(client, broken):
    """R42: neither of the server nor of its parts."""
    replies = [reply for _, _, reply in sweep(client)]
    replies.append(broken.post("/v1/sms", json={"phone": "13800138000", "purpose": "login"}))
    for reply in replies:
        assert not reply.headers.get("Server")
        assert not reply.headers.get("X-Powered-By")
        assert b"Traceback" not in reply.body
        assert b"a defect" not in reply.body


def test_the_debugger_is_not_there(client):
    """R42: no console, no evaluation, also in development."""
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=style.css", "/v1/me?__debugger__=yes"):
        assert b"werkzeug" not in client.get(path).body.lower()
    assert client.app.debug is client.app.testing is False


def test_a_live_server_shows_no_version(live_client):
    """R42: over HTTP too."""
    assert not re.search(r"\d", live_client.get("/healthz").headers.get("Server", ""))


def test_401_asks_for_a_bearer_token(client, shopper):
    """R43: at the door of every protected route, and at login and refresh."""
    replies = [reply for _, path, reply in sweep(client) if reply.status == 401 and "introspect" not in path]
    replies += [shopper.try_login("nobody-there"), shopper.try_refresh("x"), shopper.me("x")]
    assert len(replies) > 5
    assert {reply.headers["WWW-Authenticate"] for reply in replies} == {"Bearer"}


def test_429_and_503_say_when_to_come_again(away, client, gateway, shopper):
    """R43: at least a second, the same number in the header and the body."""
    shopper.send_code()
    gateway.outcome = Outcome.NOT_SENT
    replies = [
        shopper.ask_for_code(),
        shopper.another().ask_for_code(),
        away.post("/v1/login", json={"account": "x", "password": "y"}),
        away.get("/readyz"),
        *[shopper.try_login("nobody-there", "wrong password") for _ in range(11)][-1:],
    ]
    assert [reply.status for reply in replies] == [429, 503, 503, 503, 429]
    for reply in replies:
        assert int(reply.headers["Retry-After"]) == reply.json["retry_after"] >= 1


def test_other_replies_do_not(client, shopper):
    """R43: no Retry-After on what succeeded, nor on any other refusal."""
    shopper.register()
    replies = [reply for _, _, reply in sweep(client)] + [shopper.me(), shopper.try_login(), shopper.try_refresh()]
    assert [reply for reply in replies if "Retry-After" in reply.headers] == []


def test_success_asks_for_no_token(client, shopper):
    shopper.register()
    assert "WWW-Authenticate" not in shopper.me().headers


@pytest.mark.parametrize("name", ["a", "A-Za-z0-9._-", "x" * 64, "2026-11-23T08.00.00Z"])
def test_a_request_may_bring_its_name(client, name):
    assert client.get("/healthz", headers={"X-Request-ID": name}).headers["X-Request-ID"] == name


@pytest.mark.parametrize("name", ["x" * 65, "a b", "é", "<script>", "a,b", "a;b", "a\tb"])
def test_a_name_that_could_do_harm_is_replaced(client, name):
    reply = client.get("/nowhere", headers={"X-Request-ID": name})
    assert re.fullmatch("[0-9a-f]{16}", reply.headers["X-Request-ID"])
    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


def test_requests_without_a_name_get_different_ones(client):
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(100)}) == 100


def test_no_reply_sets_a_cookie(client, shopper):
    shopper.register()
    replies = [reply for _, _, reply in sweep(client)] + [shopper.try_login(), shopper.me()]
    assert [reply for reply in replies if "Set-Cookie" in reply.headers] == []
