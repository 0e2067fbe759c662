"""The files of deploy/ at work: a shopper behind nginx, on two nodes, with a Redis that lets them do what they need and no more."""

import pytest
from redis.exceptions import AuthenticationError, NoPermissionError

from tests.deploy.stack import PASSWORD
from tests.waiting import wait_until


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
        assert [entry for entry in admin.acl_log() if entry["object"] != "client|setinfo"] == []
        assert admin.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert admin.config_get("appendonly")["appendonly"] == "yes"


def test_redis_lets_the_nodes_do_no_more(stack):
    with stack.redis() as nobody:
        with pytest.raises(AuthenticationError):
            nobody.ping()
    with stack.redis("accounts", PASSWORD) as accounts:
        for refused in ("FLUSHALL", "KEYS *", "CONFIG GET *", "SHUTDOWN", "ACL LIST", "GET elsewhere", "EVAL 0 0"):
            with pytest.raises(NoPermissionError):
                accounts.execute_command(*refused.split())


def test_the_address_is_that_of_the_connection(stack):
    """Nobody chooses his own, in whatever spelling of the header."""
    shopper = stack.shopper("127.0.0.7")
    forged = ("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "Forwarded")
    shopper.client.headers = dict.fromkeys(forged, "203.0.113.9")
    shopper.register()
    assert {session["ip"] for session in shopper.sessions()} == {"127.0.0.7"}
