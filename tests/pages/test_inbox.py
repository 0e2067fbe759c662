"""The development inbox: what a developer sees and does there, in a real browser."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from services.dispatch import ANY_REGION, Route
from tests.clients import InProcessClient
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database

HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
NO_COMMAND = "document.execCommand = () => false; navigator.clipboard.writeText = () => Promise.reject();"
HIDDEN = "Object.defineProperty(document, 'hidden', {get: () => window.isHidden === true});"
JSON = {"Accept": "application/json"}


def mail(**changes):
    return {
        "channel": "mail",
        "to": "zhang.san@example.com",
        "subject": "Verify your address",
        "text": "Open https://shop.example/verify-email#token=abc and be done.",
        "code": None,
        "link": "https://shop.example/verify-email#token=abc",
        "purpose": "verify_email",
        "sms_id": None,
        "sent_at": "2026-11-23T08:00:00Z",
    } | changes


def clipboard(page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def hide(page, is_hidden):
    page.evaluate(f"window.isHidden = {str(is_hidden).lower()}; document.dispatchEvent(new Event('visibilitychange'))")


def test_a_code_appears_by_itself_large_and_in_the_title(visit, live_shopper):
    page = visit("/dev/inbox")
    expect(page.get_by_text("No messages yet")).to_be_visible()
    live_shopper.send_code()
    code = live_shopper.last_code()
    expect(page.locator(".digits")).to_have_text(code)
    expect(page).to_have_title(f"{code} · Inbox · Dongbao")
    expect(page.locator(".message")).to_contain_text(f"SMS {live_shopper.phone} sign up")
    expect(page.locator(".message .text")).to_contain_text(f"[Dongbao] {code} is your code to sign up.")
    expect(page.get_by_role("status")).to_have_text(f"New message to {live_shopper.phone}, code {code}")
    expect(page.get_by_text("No messages yet")).to_be_hidden()


def test_the_newest_stands_on_top_and_glows_for_a_while(visit, deliver):
    deliver(code="000001")
    page = visit("/dev/inbox")
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".fresh")).to_have_count(0)
    page.clock.install()
    deliver(code="000002")
    expect(page.locator(".fresh .digits")).to_have_text("000002")
    expect(page.locator(".digits")).to_have_text(["000002", "000001"])
    page.clock.fast_forward(4000)
    expect(page.locator(".fresh")).to_have_count(0)


def test_the_same_words_twice_are_two_messages(visit, deliver):
    page = visit("/dev/inbox", messages=[mail(), mail()])
    expect(page.locator(".message")).to_have_count(2)


def test_the_time_is_relative_and_exact_when_pointed_at(visit):
    page = visit("/dev/inbox", messages=[mail()], timezone_id="Asia/Shanghai")
    page.clock.set_fixed_time("2026-11-23T08:02:10Z")
    time = page.locator(".message time")
    expect(time).to_have_text("2 minutes ago")
    expect(time).to_have_attribute("title", re.compile("^Monday,? 23 November 2026.* 16:00:00$"))


def test_a_click_or_a_key_copies_a_code(visit, deliver):
    for code in ("111111", "222222", "333333"):
        deliver(code=code)
    page = visit("/dev/inbox")
    newest, middle, oldest = (page.locator(".code", has_text=code) for code in ("333333", "222222", "111111"))
    middle.click()
    expect(middle).to_contain_text("Copied ✓")
    assert clipboard(page) == "222222"
    oldest.press("Enter")
    expect(oldest).to_contain_text("Copied ✓")
    assert clipboard(page) == "111111"
    page.keyboard.press("c")
    expect(newest).to_contain_text("Copied ✓")
    expect(page.get_by_role("button", name="Copied ✓ 333333")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Copied ✓ 333333")
    assert clipboard(page) == "333333"
    for button in (newest, middle, oldest):
        expect(button).to_contain_text("Click to copy")


def test_without_a_code_the_key_says_so(visit):
    page = visit("/dev/inbox")
    expect(page.get_by_text("No messages yet")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="No code yet")).to_be_visible()


def test_it_copies_where_the_browser_has_no_clipboard(visit, deliver, elsewhere):
    deliver(code="333333")
    page = visit("/dev/inbox", origin=elsewhere)
    assert page.evaluate("navigator.clipboard === undefined")
    page.locator(".code").click()
    expect(page.locator(".code")).to_contain_text("Copied ✓")
    assert clipboard(visit("/dev/inbox")) == "333333"


def test_where_nothing_can_be_copied_the_code_is_selected(visit, deliver):
    deliver(code="444444")
    page = visit("/dev/inbox", script=NO_COMMAND)
    page.locator(".code").click()
    expect(page.locator(".code")).to_contain_text("Press Ctrl+C to copy")
    assert page.evaluate("getSelection().toString()") == "444444"


def test_what_a_message_says_is_text(visit, deliver):
    deliver(text=HOSTILE, to=HOSTILE, code="<b>1</b>", purpose="<i>odd</i>")
    page = visit("/dev/inbox")
    expect(page.locator(".message .text")).to_have_text(HOSTILE)
    expect(page.locator(".message .to")).to_have_text(HOSTILE)
    expect(page.locator(".message .purpose")).to_have_text("<i>odd</i>")
    expect(page.locator(".digits")).to_have_text("<b>1</b>")
    expect(page.locator("main :is(script, img, b, i)")).to_have_count(0)
    expect(page).to_have_title("<b>1</b> · Inbox · Dongbao")


def test_the_policy_keeps_scripts_from_making_html(visit):
    page = visit("/dev/inbox", complaints=("TrustedHTML", "Trusted Type"))
    assert page.evaluate(
        "(() => { try { document.body.innerHTML = '<p>' } catch (error) { return error.name } })()"
    ) == ("TypeError")


def test_the_link_of_a_mail_can_be_followed(visit):
    harmful = mail(link="javascript:alert(1)", text="javascript:alert(1)")
    page = visit("/dev/inbox", messages=[mail(), mail(text="See below."), harmful])
    expect(page.locator(".message")).to_have_count(3)
    links = page.get_by_role("link")
    expect(links).to_have_text([mail()["link"]] * 2)
    expect(links.first).to_have_attribute("href", mail()["link"])
    expect(page.locator(".message .text").first).to_have_text(mail()["text"])
    expect(page.locator(".message .subject").first).to_have_text("Verify your address")
    expect(page.locator(".code")).to_have_count(0)


def test_the_filter_finds_phones_and_addresses(visit, deliver):
    deliver(code="555555", to="+8613812345678")
    deliver(code="666666", to="+8613900000000")
    page = visit("/dev/inbox")
    box = page.get_by_label("Filter by phone or address")
    box.fill("138 1234")
    expect(page.locator(".digits:visible")).to_have_text("555555")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    expect(page).to_have_title("555555 · Inbox · Dongbao")
    box.press("c")
    expect(box).to_have_value("138 1234c")
    expect(page.get_by_text("No message matches the filter")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    expect(page.locator(".digits:visible")).to_have_count(2)


def test_the_filter_holds_for_what_arrives_and_for_the_key(visit, deliver):
    deliver(code="777777", to="+8613812345678")
    page = visit("/dev/inbox")
    page.get_by_label("Filter by phone or address").fill("5678")
    deliver(code="888888", to="+8613900000000")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    page.get_by_role("heading", name="Dev inbox").click()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Copied ✓ 777777")).to_be_visible()


def test_an_empty_inbox_says_how_to_fill_it(visit):
    page = visit("/dev/inbox")
    page.get_by_role("button", name="Copy the command").click()
    expect(page.get_by_role("button", name="Copied ✓")).to_be_visible()
    command = clipboard(page)
    subprocess.run(["sh", "-c", f"{command} --silent --fail"], check=True, capture_output=True, timeout=10)
    expect(page.locator(".message .to")).to_have_text("+8613800138000")


def test_it_says_that_the_server_is_away_and_recovers_by_itself(visit, live, deliver):
    page = visit("/dev/inbox", complaints=("ERR_CONNECTION", "ERR_EMPTY_RESPONSE"))
    expect(page.get_by_text("0 messages")).to_be_visible()
    live.stop()
    expect(page.locator("#away")).to_contain_text("The server does not answer. Next try in")
    expect(page.get_by_text("Disconnected")).to_be_visible()
    live.start()
    deliver(code="999999")
    expect(page.locator("#away")).to_be_hidden()
    expect(page.locator(".digits")).to_have_text("999999")


def test_it_asks_ever_more_rarely_while_the_server_fails_or_when_told_to(visit):
    page = visit("/dev/inbox", complaints=("503",))
    expect(page.get_by_text("0 messages")).to_be_visible()
    page.clock.install()
    asked, answered = [], []
    page.route("**/dev/inbox", lambda route: (asked.append(1), route.fulfill(status=503)))
    page.on("response", lambda response: answered.append(response.status))
    expect(page.locator("#away")).to_contain_text("The server answers 503.")
    for _ in range(60):
        page.clock.run_for(1000)
        wait_until(lambda: page.wait_for_timeout(10) or len(answered) >= len(asked), "the answer")
    assert 3 <= len(asked) <= 12
    page.unroute("**/dev/inbox")
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator("#away")).to_be_hidden()
    expect(page.get_by_text("0 messages")).to_be_visible()


def test_a_hidden_tab_asks_nothing_and_catches_up_when_seen(visit, deliver):
    page = visit("/dev/inbox", script=HIDDEN)
    expect(page.get_by_text("0 messages")).to_be_visible()
    hide(page, True)
    page.wait_for_timeout(100)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    deliver()
    page.wait_for_timeout(1400)
    assert asked == []
    hide(page, False)
    expect(page.locator(".digits")).to_have_text("123456")


@pytest.mark.parametrize(
    ("locale", "language", "heading"), [("zh-CN", "zh-CN", "开发收件箱"), ("fr", "en", "Dev inbox")]
)
def test_it_speaks_the_browser_s_language(visit, locale, language, heading):
    page = visit("/dev/inbox", locale=locale)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_nothing_sticks_out_at_any_width(visit):
    long = mail(text="x" * 300, to=f"{'long' * 20}@example.com")
    page = visit("/dev/inbox", messages=[long, mail(code="123456")])
    expect(page.locator(".message")).to_have_count(2)
    for width in (320, 640, 800, 1920):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/html"),
        ("", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
    ],
)
def test_browsers_get_the_page_and_programs_the_messages(client, accept, kind):
    reply = client.get("/dev/inbox", headers={"Accept": accept})
    assert reply.headers["Content-Type"].split(";")[0] == kind
    assert reply.headers["Vary"] == "Accept"


def test_the_page_may_run_nothing_but_its_own_files(client):
    policy = client.get("/dev/inbox").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["inbox.html", "docs.js", "..%2Fpages%2Finbox.js", "../../wsgi.py", "inbox.js/", ""])
def test_only_the_files_of_the_page_are_served(live_client, name):
    reply = live_client.get(f"/dev/{name}")
    assert (reply.status, reply.code) == (404, "not_found")


def test_head_is_answered_like_get_without_the_body(live_client):
    for path in ("/dev/inbox", "/dev/inbox.js"):
        head, got = live_client.request("HEAD", path), live_client.get(path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(got.body))
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/dev/inbox", "/dev/inbox.js", "/dev/"])
def test_with_a_real_gateway_there_is_no_inbox(make_app, path):
    reply = InProcessClient(make_app(routes={ANY_REGION: Route(({"memory": 1},))})).get(path, headers=JSON)
    assert (reply.status, reply.code) == (404, "not_found")
