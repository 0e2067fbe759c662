"""A real Chromium, headless, that reaches nothing but this machine."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from services.clock import system_clock
from services.inbox import Inbox
from services.keyring import Keyring
from sms.gateway import Message
from tests.settings import SECRET

MISSING = "There is no Chromium: apt-get install chromium."
# The live server by a name that no browser counts as this machine, as a phone in the same network would call it.
ELSEWHERE = "inbox.test"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Watch:
    """What a page must not do, noted."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def on(self, page: Page):
        page.on("console", lambda message: message.type in ("error", "warning") and self._note(message.text))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: self._check(request.url))

    def _check(self, url: str):
        if not url.startswith((f"{self.origin}/", "data:")):
            self._note(f"asked {url}")

    def _note(self, complaint: str):
        if not any(words in complaint for words in self.expected):
            self.complaints.append(complaint)


@pytest.fixture(scope="package")
def browser():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.exit(MISSING, 3)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, live) -> Callable[..., Page]:
    """Open a page of the live server; an error in its console, or a request to elsewhere, fails the test.

    ``script`` runs before the page's own; ``messages`` are what the inbox answers instead of the server; ``complaints`` are
    parts of the console errors that the test means to cause.
    """
    watches, contexts = [], []

    def open_page(path, *, origin=live.url, script="", messages=None, complaints=(), **options) -> Page:
        context = browser.new_context(**({"locale": "en-GB"} | options))
        contexts.append(context)
        watches.append(Watch(origin, expected=complaints))
        context.set_default_timeout(PATIENCE_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
        context.add_init_script(script)
        page = context.new_page()
        watches[-1].on(page)
        if messages is not None:
            page.route("**/dev/inbox", lambda route: _answer(route, messages))
        page.goto(f"{origin}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [complaint for watch in watches for complaint in watch.complaints] == []


def _answer(route: Route, messages: list[dict]):
    if route.request.headers.get("accept") == "application/json":
        route.fulfill(json={"messages": messages})
    else:
        route.fallback()


@pytest.fixture
def elsewhere(live) -> str:
    return f"http://{ELSEWHERE}:{urlsplit(live.url).port}"


@pytest.fixture
def deliver(redis):
    """Put a message into the live server's inbox that no call of the API would make."""
    inbox = Inbox(redis, Keyring((SECRET,)), system_clock)

    def add(text="Your code", to="+8613900000000", code="123456", purpose="register"):
        inbox.add(Message("sms", to, purpose, code, text, "en", 300))

    return add
