"""The routes of the app, those of openapi.yaml, and the guard in front of them."""

import re

import pytest

from tests.contract.description import OPERATIONS

pytestmark = pytest.mark.one_database

# Whoever adds a route that needs no token says so here.
PUBLIC = {
    "GET /v1/challenge",
    "POST /v1/sms",
    "POST /v1/sms/{}/resend",
    "POST /v1/sms/{}/verify",
    "POST /v1/sms/receipts/{}/{}",
    "GET /v1/register/availability",
    "POST /v1/register",
    "POST /v1/login",
    "POST /v1/token/refresh",
    "POST /v1/token/introspect",
    "GET /.well-known/jwks.json",
    "POST /v1/email/verify",
    "POST /v1/password/reset",
    "POST /v1/phone/undo",
    "POST /v1/phone/keep",
    "GET /",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.yaml",
    "GET /docs",
    "GET /docs/{}",
    "GET /dev/inbox",
    "GET /dev/{}",
    "GET /verify-email",
    "GET /undo-phone",
    "GET /keep-phone",
}
PROTECTED = [operation for operation in OPERATIONS if operation.is_protected]


@pytest.fixture
def served(make_app):
    """Each route of the app as ``METHOD /path/{}``, with the function that answers it."""
    app = make_app()
    return {
        f"{method} {re.sub('<[^>]+>', '{}', rule.rule)}": _answering(app.view_functions[rule.endpoint], method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def _answering(view, method):
    """The method of the Resource, or the plain view."""
    return getattr(view.view_class, method.lower()) if hasattr(view, "view_class") else view


def _route(operation):
    return re.sub(r"\{\w+\}", "{}", str(operation))


def test_every_route_is_described_and_every_description_has_a_route(served):
    assert set(served) == {_route(operation) for operation in OPERATIONS}


def test_every_route_asks_for_a_token_or_is_on_the_public_list(served):
    guarded = {route for route, view in served.items() if getattr(view, "login_required", False)}
    assert set(served) - guarded == PUBLIC


def test_the_description_names_the_same_routes_protected(served):
    guarded = {route for route, view in served.items() if getattr(view, "login_required", False)}
    assert {_route(operation) for operation in PROTECTED} == guarded


@pytest.mark.parametrize("operation", PROTECTED, ids=str)
def test_a_protected_route_without_a_token_is_refused(client, operation):
    path = re.sub(r"\{\w+\}", "any", operation.path)
    options = {"json": {}} if operation.request else {}
    reply = client.request(operation.method, path, **options)
    assert (reply.status, reply.code) == (401, "token_missing")


@pytest.mark.parametrize("purpose", ["change_phone", "confirm"])
def test_codes_for_a_logged_in_shopper_need_a_token(client, purpose):
    reply = client.post("/v1/sms", json={"purpose": purpose})
    assert (reply.status, reply.code) == (401, "token_missing")
