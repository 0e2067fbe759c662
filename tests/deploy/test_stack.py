"""The files of deploy/ at work: a shopper behind nginx, on two nodes, with a Redis that lets them do what they need and no more."""

import pytest
from redis.exceptions import AuthenticationError, NoPermissionError

from tests.clients import LiveClient
from tests.deploy.stack import INSIDE, PASSWORD, Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database

# What redis-py says of itself; before version 7 Redis names the command alone.
SETINFO = ("client|setinfo", "client")


@pytest.fixture(scope="module")
def stack(database_url):
    stack = Stack(database_url, CHALLENGE="adaptive", SMS_COOLDOWN_SECONDS=0)
    yield stack
    stack.remove()


@pytest.fixture(autouse=True)
def calm(stack):
    with stack.admin() as admin:
        admin.flushall()
        admin.acl_log_reset()


def test_a_visit_needs_nothing_that_redis_forbids(stack):
    """Whatever the nodes ask of Redis, its user may; and both nodes serve the visit."""
    shopper = stack.shopper()
    shopper.register()
    shopper.resend(shopper.send_code("login"))
    shopper.login_by_code()
    assert shopper.try_login(password="wrong horse battery").status == 401
    shopper.login()
    shopper.refresh()
    assert shopper.logout().status == 204
    assert shopper.me().code == "session_revoked"
    for node in stack.nodes:
        wait_until(lambda node=node: f'127.0.0.1:{node.port}"' in stack.nginx_log())
    with stack.admin() as admin:
        assert [entry for entry in admin.acl_log() if entry["object"] not in SETINFO] == []
        assert any("t" in client["flags"] for client in admin.client_list()), "no node tracks"
        assert admin.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def test_redis_lets_the_nodes_do_no_more(stack):
    with stack.redis() as nobody, pytest.raises(AuthenticationError):
        nobody.ping()
    with stack.redis("accounts", PASSWORD) as accounts:
        for refused in ("FLUSHALL", "KEYS *", "CONFIG GET *", "SHUTDOWN", "ACL LIST", "GET elsewhere", "EVAL 0 0"):
            with pytest.raises(NoPermissionError):
                accounts.execute_command(*refused.split())


def test_a_code_outlives_redis(stack):
    """Its file is appended to, so that what it acknowledged a second ago is there again."""
    shopper = stack.shopper()
    sms_id = shopper.send_code()
    stack.restart_redis()
    code = shopper.last_code()
    for node in stack.nodes:
        wait_until(lambda node=node: LiveClient(node.url).get("/readyz").status == 200)
    assert shopper.verify(sms_id, code).status == 200


def test_the_address_is_that_of_the_connection(stack):
    """R11: nobody chooses his own, in whatever spelling of the header."""
    shopper = stack.shopper("127.0.0.7")
    shopper.client.headers = dict.fromkeys(("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP"), "203.0.113.9")
    shopper.register()
    assert {session["ip"] for session in shopper.sessions()} == {"127.0.0.7"}


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/v1/../metrics", "/metrics?x=1", "/readyz"])
def test_metrics_and_readiness_are_for_the_inside(stack, path):
    reply = stack.client().exchange("GET", path, None, {})
    assert (reply.status, reply.code) == (404, "not_found")
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert stack.logged(reply)["node"] == ""


@pytest.mark.parametrize("path", ["/v1/token/introspect", "//v1/token/introspect", "/v1/token/%69ntrospect?x=1"])
def test_only_services_inside_ask_about_tokens(stack, path):
    """The path in whatever spelling nginx takes for it; what is let in has a node that answered."""
    outside = stack.client().exchange("POST", path, b"token=x", {})
    inside = stack.client(INSIDE).exchange("POST", path, b"token=x", {})
    assert (outside.status, outside.code) == (404, "not_found")
    assert [bool(stack.logged(reply)["node"]) for reply in (outside, inside)] == [False, True]


def test_what_is_too_large_for_any_body_is_told_in_our_words(stack):
    reply = stack.client().post("/v1/login", data=b" " * 300_000)
    assert (reply.status, reply.code) == (413, "payload_too_large")


def test_the_log_leads_to_the_nodes_and_hides_what_is_secret(stack):
    """The path without its query; of the address for receipts, nothing behind it."""
    client = stack.client()
    asked = stack.logged(client.get("/v1/register/availability", query={"username": "zhangsan"}))
    pushed = stack.logged(client.post("/v1/sms/receipts/a-long-guessed-secret/tencent", json=[]))
    assert (asked["path"], asked["status"]) == ("/v1/register/availability", 200)
    assert pushed["path"] == "/v1/sms/receipts/"


def test_a_node_that_stops_is_missed_by_nobody(stack):
    """Whoever asks gets the other node; and a problem in our shape, once there is none."""
    shopper = stack.shopper()
    shopper.register()
    stack.nodes[0].stop()
    assert [shopper.refresh() and shopper.me().status for _ in range(4)] == [200] * 4
    stack.nodes[1].kill()
    reply = shopper.try_login()
    assert (reply.status, reply.code) == (503, "service_unavailable")
    assert int(reply.headers["Retry-After"]) == reply.json["retry_after"] >= 1
    stack.logged(stack.client().post("/v1/sms/receipts/a-long-guessed-secret/tencent", json=[]))
    assert "a-long-guessed-secret" not in stack.nginx_log()
