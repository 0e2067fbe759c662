"""R40: which pages of other origins may read the replies: those listed, exactly."""

import pytest

from tests.clients import InProcessClient

pytestmark = pytest.mark.one_database

GOOD = "https://shop.dongbao.example"
FOREIGN = (
    "https://evil.example",
    "null",
    "https://shop.dongbao.example.evil.example",
    "https://evil-shop.dongbao.example",
    "https://shop.dongbao.example:8443",
    "http://shop.dongbao.example",
    "https://shop.dongbao.example/",
    "https://shopxdongbao.example",
    "https://shop.dongbao.exampl",
    "https://dongbao.example",
    f"{GOOD}, https://evil.example",
    f"{GOOD}\thttps://evil.example",
    "*",
    ".*",
)


@pytest.fixture
def listed(make_app):
    """A site that lists one origin."""
    return InProcessClient(make_app(cors_origins=(GOOD, "https://app.dongbao.example")))


def allowed(reply):
    return reply.headers.get("Access-Control-Allow-Origin")


def preflight(client, origin, method="POST", fields="authorization,content-type,x-challenge-solution"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": fields,
    }
    return client.request("OPTIONS", "/v1/login", headers=headers)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_reads_nothing(listed, origin):
    """R40: foreign, null, suffix, prefix, port and scheme."""
    for reply in (preflight(listed, origin), listed.post("/v1/login", json={}, headers={"Origin": origin})):
        assert allowed(reply) is None
        assert "Access-Control-Allow-Credentials" not in reply.headers


def test_a_listed_origin_may_ask_first(listed):
    """R40: with its token, its JSON and its work."""
    reply = preflight(listed, GOOD)
    assert (reply.status, allowed(reply)) == (200, GOOD)
    assert {"authorization", "content-type", "x-challenge-solution"} <= set(
        reply.headers["Access-Control-Allow-Headers"].lower().split(", ")
    )
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in reply.headers


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_every_method_of_the_interface_may_be_asked_for(listed, method):
    assert method in preflight(listed, GOOD, method).headers["Access-Control-Allow-Methods"]


def test_a_listed_origin_reads_refusals_too(make_app, make_shopper):
    """R40: 4xx, 429, 503 and 500, with the headers that a page needs."""
    app = make_app(cors_origins=(GOOD,), LIMIT_REFRESH_PER_ADDRESS="1/minute")
    client = InProcessClient(app)
    origin = {"Origin": GOOD}
    replies = [
        client.get("/healthz", headers=origin),
        client.post("/v1/login", data=b"{", headers=origin),
        client.get("/v1/me", headers=origin),
        client.get("/v1/nowhere", headers=origin),
        client.put("/v1/login", headers=origin),
        client.post("/v1/token/refresh", json={"refresh_token": "x"}, headers=origin),
        client.post("/v1/token/refresh", json={"refresh_token": "x"}, headers=origin),
        client.post("/v1/login", data=b"x" * 17000, headers=origin),
        InProcessClient(make_app(cors_origins=(GOOD,), database_url="sqlite:////nonexistent/x")).get(
            "/readyz", headers=origin
        ),
    ]
    assert [reply.status for reply in replies] == [200, 400, 401, 404, 405, 401, 429, 413, 503]
    for reply in replies:
        assert allowed(reply) == GOOD
        exposed = set(reply.headers["Access-Control-Expose-Headers"].lower().split(", "))
        assert {"retry-after", "x-request-id", "www-authenticate"} <= exposed


def test_replies_differ_by_origin_for_caches(listed):
    assert "Origin" in listed.get("/healthz", headers={"Origin": GOOD}).headers["Vary"]


def test_each_listed_origin_is_named_alone(listed):
    reply = listed.get("/healthz", headers={"Origin": "https://app.dongbao.example"})
    assert reply.headers.getlist("Access-Control-Allow-Origin") == ["https://app.dongbao.example"]


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1:3000", "https://localhost", "http://[::1]:8080"]
)
def test_in_development_pages_of_this_machine_may_read(client, origin):
    assert allowed(client.get("/healthz", headers={"Origin": origin})) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://evil-localhost",
        "http://localhost:5173.evil.example",
        "http://localhost:",
        "http://localhost:123456",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2",
        "http://localhost:80@evil.example",
        "xhttp://localhost",
        "null",
    ],
)
def test_in_development_nobody_else_may(client, origin):
    """R40: the pattern for this machine is anchored at both ends."""
    assert allowed(client.get("/healthz", headers={"Origin": origin})) is None


def test_in_production_no_origin_is_good_by_itself(make_app):
    client = InProcessClient(make_app(app_env="production"))
    assert allowed(client.get("/healthz", headers={"Origin": "http://localhost:5173"})) is None


def test_without_an_origin_nothing_is_said(listed):
    assert allowed(listed.get("/healthz")) is None
