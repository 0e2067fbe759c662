"""The interface's description in Swagger UI, in a real browser without a network."""

import json

import pytest
import yaml
from playwright.sync_api import expect

from api.config import ROOT

pytestmark = pytest.mark.one_database

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


@pytest.fixture(scope="module")
def operations():
    """Every operation of openapi.yaml by its method and path."""
    paths = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))["paths"]
    return {(method, path): item[method] for path, item in paths.items() for method in METHODS & item.keys()}


def block(page, method, path):
    return page.locator(f'.opblock-{method}:has(.opblock-summary-path[data-path="{path}"])')


def test_every_operation_is_shown(visit, operations):
    page = visit("/docs")
    expect(page).to_have_title("Dongbao Accounts API")
    expect(page.locator(".opblock")).to_have_count(len(operations))
    for method, path in operations:
        expect(block(page, method, path)).to_be_visible()
    expect(page.locator(".errors-wrapper, .validator-wrapper, img[src*=validator]")).to_have_count(0)


def test_an_operation_of_each_group_opens_without_a_complaint(visit, operations):
    page = visit("/docs")
    for method, path in {operation["tags"][0]: key for key, operation in operations.items()}.values():
        switch = block(page, method, path).locator(".opblock-summary-control")
        switch.click()
        expect(block(page, method, path).locator(".responses-inner")).to_be_visible()
        switch.click()


def test_a_link_leads_to_one_operation(visit, operations):
    operation = operations["post", "/v1/sms"]
    page = visit(f"/docs#/{operation['tags'][0]}/{operation['operationId']}")
    expect(block(page, "post", "/v1/sms")).to_contain_class("is-open")
    expect(page.locator(".opblock.is-open")).to_have_count(1)


def test_authorize_puts_the_token_on_the_next_call(visit, live_shopper):
    live_shopper.register()
    page = visit("/docs")
    page.get_by_role("button", name="Authorize", exact=True).click()
    form = page.locator(".auth-container form").filter(has_text="accessToken")
    form.locator("input").fill(live_shopper.access_token)
    form.get_by_role("button", name="Apply credentials").click()
    form.locator(".btn-done").click()
    me = block(page, "get", "/v1/me")
    me.locator(".opblock-summary-control").click()
    me.get_by_role("button", name="Execute").click()
    expect(me.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    shown = me.locator(".live-responses-table code.language-json").first.inner_text()
    assert json.loads(shown)["username"] == live_shopper.username


def test_a_dark_screen_gets_dark_pages(visit):
    page = visit("/docs", color_scheme="dark")
    expect(page.locator("html")).to_contain_class("dark-mode")


def test_the_page_may_run_nothing_but_its_own_files(client):
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name",
    [
        "../docs.html",
        "..%2Fdocs.html",
        "%2e%2e/%2e%2e/wsgi.py",
        "..%5c..%5cwsgi.py",
        "//etc/passwd",
        "docs.js%00",
        "docs.html",
        "inbox.js",
        "swagger-ui.js",
        "oauth2-redirect.html",
        "",
    ],
)
def test_only_the_files_of_the_page_are_served(live_client, name):
    reply = live_client.get(f"/docs/{name}")
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/swagger-ui-bundle.js", "/openapi.yaml"])
def test_head_is_answered_like_get_without_the_body(live_client, path):
    head, got = live_client.request("HEAD", path), live_client.get(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.body))
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
