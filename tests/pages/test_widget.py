"""ALTCHA's widget, as npm has it, solves our challenges in a real browser and its payload is taken."""

import mimetypes

import pytest

from api.config import ROOT
from services.clock import system_clock
from services.keyring import Keyring
from services.proof_of_work import HARDEST, ProofOfWork
from tests.pages.conftest import PATIENCE_MS
from tests.settings import SECRET
from tests.shopper import new_phone

pytestmark = pytest.mark.settings(CHALLENGE="always")

PAGE = """<!doctype html><html lang="en"><title>Shop</title><script type="module" src="altcha.min.js"></script>
<altcha-widget display="invisible"></altcha-widget>"""
FILES = {
    "altcha.min.js": ROOT / "tests/pages/node_modules/altcha/dist/main/altcha.min.js",
    "client.js": ROOT / "examples/client.js",
    "solve.js": ROOT / "examples/solve.js",
}
SHOP = """async (phone) => {
    const [{ Accounts }, { solveWithWidget }] = await Promise.all([import("./client.js"), import("./solve.js")]);
    const sent = await new Accounts(location.origin, { solve: solveWithWidget }).sendCode(phone);
    return sent.phone;
}"""
SOLVE = """async (challenge) => {
    const { solveWithWidget } = await import("./solve.js");
    return solveWithWidget(challenge);
}"""


def _serve(route):
    name = route.request.url.rpartition("/")[2]
    if name in FILES:
        route.fulfill(body=FILES[name].read_bytes(), content_type=mimetypes.guess_type(name)[0])
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def shop(browser, live):
    """A page of a shop, at the live server's origin, with the widget and our example of a client."""
    if not FILES["altcha.min.js"].exists():
        pytest.fail("The widget is not installed: npm ci --prefix tests/pages", pytrace=False)
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.route("**/shop/**", _serve)
    page.goto(f"{live.url}/shop/")
    page.wait_for_function("'verify' in document.querySelector('altcha-widget')")
    yield page
    context.close()


def test_a_shopper_gets_a_code_after_the_widgets_work(shop, live_client):
    phone = new_phone()
    assert live_client.post("/v1/sms", json={"phone": phone, "purpose": "register"}).code == "challenge_required"
    assert shop.evaluate(SHOP, phone).endswith(phone[-4:])


def test_the_hardest_challenge_of_an_older_key_is_solved_too(shop):
    older, newer = (Keyring(keys) for keys in ([SECRET], [SECRET, "x" * 32]))
    challenge = ProofOfWork(older, system_clock).issue("127.0.0.0", HARDEST)
    payload = shop.evaluate(SOLVE, challenge)
    assert ProofOfWork(newer, system_clock).read(payload, "127.0.0.0").level == HARDEST
