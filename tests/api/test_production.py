"""A server with production's settings: what belongs to development is not there."""

import re

import pytest

from api.app import create_app
from api.config import read_config
from tests.clients import InProcessClient
from tests.settings import environment, environment_of

PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEYS": "k" * 48,
    "SMS_GATEWAYS": "webhook",
    "WEBHOOK_URL": "https://sms.example.com/send",
    "WEBHOOK_SECRET": "s" * 32,
    "PUBLIC_URL": "https://shop.example",
    "WORKERS": "1",
}
OF_DEVELOPMENT = (
    *("/dev/inbox", "/dev/inbox.js", "/dev/inbox.css", "/dev/link.js", "/dev/icon.svg", "/dev/", "/dev"),
    *("/verify-email", "/undo-phone", "/keep-phone", "/console", "/debug", "/admin", "/flask", "/static/x"),
)


@pytest.fixture
def production(instance, database_url, redis_url):
    with environment_of(environment(instance, database_url, redis_url, **PRODUCTION)):
        return InProcessClient(create_app(read_config()))


@pytest.mark.parametrize("path", OF_DEVELOPMENT)
def test_what_is_for_developers_is_not_there(production, path):
    """R42: neither the inbox nor the pages of links, a console or anything for administrators; 404 like any other address."""
    for headers in ({}, {"Accept": "application/json"}):
        reply = production.get(path, headers=headers)
        assert (reply.status, reply.code) == (404, "not_found")


def test_the_routes_are_those_of_the_interface_and_no_other(production):
    """R42: what is not under /v1 is listed here."""
    rules = {rule.rule for rule in production.app.url_map.iter_rules()}
    others = {rule for rule in rules if not rule.startswith("/v1/")}
    assert others - {"/metrics"} == {
        "/",
        "/healthz",
        "/readyz",
        "/openapi.yaml",
        "/docs",
        "/docs/<name>",
        "/.well-known/jwks.json",
    }
    assert not {rule for rule in rules if re.search("admin|debug|dev|test|internal", rule)}
    assert "inbox" not in production.get("/").json["links"]


def test_nothing_is_in_debug_mode(production):
    """R42: a defect shows no trace, and a tester's number needs a last day (tests/api/test_sms_settings.py)."""
    assert production.app.debug is production.app.testing is False
    assert production.app.config["PROPAGATE_EXCEPTIONS"] is None
