"""Pages of other origins: the listed ones may read every reply, failures too; nobody else may read any."""

import pytest

GOOD = ("https://shop.example", "https://m.shop.example:8443")
EVIL = (
    "https://evil.example",
    "null",
    "*",
    "http://shop.example",
    "https://shop.example:444",
    "https://shop.example:8443",
    "https://m.shop.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://evil-shop.example",
    "https://shop.exampl",
    "https://shop.example.",
    "https://shop.example/",
    "https://shopXexample",
    "https://user@shop.example",
    "https://shop.example@evil.example",
    "https://shop.example%00.evil.example",
    "https://shop.example, https://evil.example",
    "https://shop.example https://evil.example",
    "https://sub.shop.example",
    "file://",
    "http://localhost:3000",
    "chrome-extension://shop.example",
)
LOCAL = (
    "http://localhost",
    "http://localhost:5173",
    "http://127.0.0.1:8080",
    "https://localhost:3000",
    "http://[::1]:3000",
)
NOT_LOCAL = (
    "http://localhost.evil.example",
    "http://localhost:3000.evil.example",
    "http://localhost:",
    "http://localhost:x",
    "http://localhost:123456",
    "http://127.0.0.1@evil.example",
    "http://evil.example#localhost",
    "http://127.0.0.2:3000",
    "http://evillocalhost",
    "http://192.168.0.1:3000",
    "ftp://localhost",
    "null",
)


@pytest.fixture
def replies(live_shopper):
    """``replies(origin)``: one for each status that a page may want to read."""
    client, token = live_shopper.client, live_shopper.register()["access_token"]

    def ask(origin):
        sent = {"Origin": origin}
        limited = [client.get("/v1/register/availability?username=a", headers=sent) for _ in range(6)]
        return {
            200: client.get("/v1/me", token=token, headers=sent),
            400: client.post("/v1/login", data=b"{", headers=sent),
            401: client.get("/v1/me", headers=sent),
            404: client.get("/nothing", headers=sent),
            405: client.put("/v1/me", headers=sent),
            413: client.post("/v1/login", data=b"x" * 17000, headers=sent),
            415: client.post("/v1/login", data=b"{}", headers=sent | {"Content-Type": "text/plain"}),
            422: client.post("/v1/login", json={}, headers=sent),
            429: limited[-1],
        }

    return ask


def listed(reply, name):
    """The words of a header that is a list."""
    return {word.strip().lower() for word in reply.headers[name].split(",")}


def preflight(client, origin, path="/v1/me", method="PATCH", headers="authorization, content-type"):
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.request("OPTIONS", path, headers={"Origin": origin} | asked)


@pytest.mark.settings(CORS_ORIGINS=",".join(GOOD), LIMIT_AVAILABILITY_PER_ADDRESS="5/minute")
def test_listed_origins_read_everything_and_others_nothing(live, live_client, replies):
    """R40: successes, failures and refusals, Retry-After among them, never with cookies; look-alikes are not even named."""
    for origin in GOOD:
        for status, reply in replies(origin).items():
            assert reply.status == status
            assert reply.headers.getlist("Access-Control-Allow-Origin") == [origin], status
            assert "Origin" in reply.headers["Vary"], status
            assert {"retry-after", "x-request-id"} <= listed(reply, "Access-Control-Expose-Headers"), status
            assert "Access-Control-Allow-Credentials" not in reply.headers, status
        for path, method in (("/v1/me", "PATCH"), ("/v1/login", "POST"), ("/v1/sessions", "DELETE")):
            reply = preflight(live_client, origin, path, method)
            assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, origin)
            assert method.lower() in listed(reply, "Access-Control-Allow-Methods")
            assert {"authorization", "content-type"} <= listed(reply, "Access-Control-Allow-Headers")
            assert "Access-Control-Allow-Credentials" not in reply.headers
    for origin in EVIL:
        for reply in (*replies(origin).values(), preflight(live_client, origin)):
            assert not [name for name, _ in reply.headers if name.lower().startswith("access-control-allow")], origin


def test_without_a_list_development_knows_this_machine_only(live_client):
    """R40: any port of localhost, and nothing that looks like it."""
    for origin in LOCAL:
        assert live_client.get("/v1/me", headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == origin
        assert preflight(live_client, origin).headers["Access-Control-Allow-Origin"] == origin
    for origin in (*NOT_LOCAL, *GOOD):
        for reply in (live_client.get("/v1/me", headers={"Origin": origin}), preflight(live_client, origin)):
            assert "Access-Control-Allow-Origin" not in reply.headers, origin
