"""Where links in messages lead in development, in a real browser: a click uses them, and nothing else does."""

import pytest
from playwright.sync_api import expect

from services.dispatch import ANY_REGION, Route
from tests.clients import InProcessClient
from tests.letters import Letters
from tests.shopper import Shopper

pytestmark = pytest.mark.one_database

LI = "li.si@example.com"


@pytest.fixture
def newcomer(live_shopper: Shopper):
    live_shopper.register(email=LI)
    return live_shopper


@pytest.fixture
def path(newcomer, live_client):
    """The link that was mailed, on the live server."""
    return f"/verify-email#token={Letters(live_client).wait_for(LI, 'verify_email').token}"


def test_from_the_inbox_to_a_verified_address(visit, newcomer, live, path):
    page = visit("/dev/inbox")
    mail = page.locator(".message", has_text=LI)
    expect(mail).to_contain_text("Mail")
    expect(mail).to_contain_text("verify e-mail")
    expect(mail.locator(".subject")).to_have_text("Verify your e-mail address")
    expect(mail.get_by_role("link")).to_have_attribute("href", f"{live.url}{path}")
    linked = visit(path)
    linked.get_by_role("button", name="Verify the address").click()
    expect(linked.get_by_role("status")).to_have_text(f"{LI} is verified.")
    expect(linked.get_by_role("button")).to_be_hidden()
    assert newcomer.me().json["email_verified"] is True


def test_a_link_that_is_only_looked_at_is_not_used_up(visit, newcomer, path):
    for _ in range(2):
        page = visit(path)
        expect(page.get_by_role("button", name="Verify the address")).to_be_visible()
        page.wait_for_timeout(300)
    assert newcomer.me().json["email_verified"] is False


def test_a_used_link_says_so_in_the_reader_s_language(visit, path):
    first = visit(path)
    first.get_by_role("button").click()
    expect(first.get_by_role("button")).to_be_hidden()
    again = visit(path, locale="zh-CN", complaints=("410",))
    expect(again.locator("html")).to_have_attribute("lang", "zh-CN")
    again.get_by_role("button", name="验证邮箱").click()
    expect(again.get_by_role("status")).to_contain_text("请重新获取")


@pytest.mark.parametrize("path", ["/verify-email", "/verify-email#", "/undo-phone#tok=x", "/keep-phone#token="])
def test_half_a_link_is_told_and_posts_nothing(visit, path):
    page = visit(path)
    expect(page.get_by_role("status")).to_have_text("The link is not whole; open all of it.")
    expect(page.get_by_role("button")).to_be_hidden()


def test_the_other_half_in_the_same_tab_mends_it(visit, live, path):
    page = visit("/verify-email")
    page.goto(f"{live.url}{path}")
    page.get_by_role("button", name="Verify the address").click()
    expect(page.get_by_role("status")).to_have_text(f"{LI} is verified.")


@pytest.mark.parametrize(
    ("path", "call", "button"),
    [("/undo-phone", "undo", "Undo the change"), ("/keep-phone", "keep", "Keep the number")],
)
def test_links_about_phones_post_their_token(visit, path, call, button):
    page = visit(f"{path}#token=t.o-k_en")
    posted = []
    page.route(f"**/v1/phone/{call}", lambda route: (posted.append(route.request.post_data), route.fulfill(status=204)))
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button")).to_be_hidden()
    assert posted == ['{"token":"t.o-k_en"}']


def test_a_server_that_is_away_leaves_the_button(visit):
    page = visit("/verify-email#token=x", complaints=("ERR_FAILED",))
    page.route("**/v1/email/verify", lambda route: route.abort())
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("The server does not answer. Try again.")
    expect(page.get_by_role("button")).to_be_enabled()


@pytest.mark.parametrize("path", ["/verify-email", "/undo-phone", "/keep-phone"])
def test_the_page_runs_its_own_files_alone_and_is_not_there_with_a_real_gateway(client, make_app, path):
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert InProcessClient(make_app(routes={ANY_REGION: Route(({"memory": 1},))})).get(path).status == 404


def test_nothing_sticks_out(visit):
    page = visit("/verify-email#token=x")
    for width in (320, 1920):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
