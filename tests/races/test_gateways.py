"""Real gateways behind real worker processes: a vendor's SDK first, a webhook second, both over HTTP on loopback."""

from collections import Counter

import pytest

from tests.clients import LiveClient
from tests.gateways import tencent, webhook
from tests.gateways.sockets import refusing
from tests.gateways.standin import Fault
from tests.races.crowd import at_once, told_apart
from tests.shopper import new_phone

pytestmark = pytest.mark.one_database

CROWD = 50
# A fifth of the threads may wait in gateways.
PLACES_FOR_ALL = {"THREADS": 5 * CROWD}


@pytest.fixture
def first():
    standin = tencent.TencentStandIn()
    yield standin
    standin.stop()


@pytest.fixture
def second():
    standin = webhook.WebhookStandIn()
    yield standin
    standin.stop()


@pytest.fixture
def nowhere():
    """An address that refuses connections."""
    with refusing() as url:
        yield f"http://{url}"


@pytest.fixture
def site(live, redis):
    """The server with both gateways at these addresses."""

    def site(first_url, second_url, **settings):
        live.restart(
            SMS_GATEWAYS="tencent,webhook",
            TENCENT_SECRET_ID=tencent.SECRET_ID,
            TENCENT_SECRET_KEY=tencent.SECRET_KEY,
            TENCENT_SDK_APP_ID=tencent.APP_ID,
            TENCENT_SIGN_NAME="咚宝",
            TENCENT_TEMPLATE_ID="449739",
            TENCENT_ENDPOINT=first_url,
            WEBHOOK_URL=f"{second_url}/send",
            WEBHOOK_SECRET=webhook.SECRET,
            **settings,
        )
        return LiveClient(live.url)

    return site


def ask(client, phone):
    return client.post("/v1/sms", json={"phone": phone, "purpose": "register"})


def everybody_asks(live):
    """The reply to each of fifty new phones that ask at once, by phone."""
    phones = [new_phone() for _ in range(CROWD)]
    return dict(zip(phones, at_once(live, CROWD, lambda client, i: ask(client, phones[i])), strict=True))


def got(*standins):
    """How many messages left for each phone."""
    return Counter(message["phone"] for standin in standins for message in standin.messages)


def test_fifty_at_once_with_the_first_gateway_down_are_each_sent_one_message(site, live, nowhere, second):
    site(nowhere, second.url, **PLACES_FOR_ALL)
    replies = everybody_asks(live)
    assert told_apart(list(replies.values())) == {"202": CROWD}
    assert got(second) == dict.fromkeys(replies, 1)


def test_past_a_fifth_of_the_threads_a_slow_gateway_is_not_asked(site, live, nowhere, second):
    """F24: two workers of ten threads have two places each; who gets none hears 503, and may ask again at once."""
    client = site(nowhere, second.url, THREADS=10)
    second.fault, second.delay = Fault.LATE, 0.5
    replies = everybody_asks(live)
    sent = [phone for phone, reply in replies.items() if reply.status == 202]
    assert set(told_apart(list(replies.values()))) == {"202", "503 sms_unavailable"}
    assert got(second) == dict.fromkeys(sent, 1)
    assert 1 <= second.most_under_way <= 4
    second.release()
    assert ask(client, next(phone for phone in replies if phone not in sent)).status == 202


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT, Fault.HANG], ids=["reset", "cut", "no answer"])
def test_what_the_first_gateway_read_and_did_not_answer_is_sent_by_no_other(site, first, second, fault):
    """F21: it may have left, so that is answered."""
    client = site(first.url, second.url)
    first.fault = fault
    assert ask(client, phone := new_phone()).status == 202
    assert (got(first), second.requests) == ({phone: 1}, [])
    assert ask(client, phone).code == "sms_cooldown"


def test_with_both_down_the_shopper_can_ask_again_at_once(site, nowhere, second):
    client = site(nowhere, nowhere)
    phone = new_phone()
    for _ in range(2):
        reply = ask(client, phone)
        assert (reply.status, reply.code) == (503, "sms_unavailable")
        assert int(reply.headers["Retry-After"]) >= 1
