"""Redis did it, and the connection broke before it could say so."""

from pathlib import Path

import pytest

from tests.clients import InProcessClient
from tests.faults.cut import CuttingProxy
from tests.shopper import new_phone
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database


@pytest.fixture
def proxy(redis_url):
    proxy = CuttingProxy(Path(redis_url.removeprefix("unix://")))
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy, make_app, make_shopper, gateway):
    """A shopper whose app reaches Redis through the proxy, and has every script loaded; the gateway is as one of a vendor with windows."""
    gateway.name = "juhe"
    shopper = make_shopper(make_app(redis_url=proxy.url, ratelimit_storage_uri="memory://"))
    shopper.register(new_phone())
    shopper.phone = new_phone()
    return shopper


def test_a_right_guess_whose_verdict_is_lost_leaves_the_code_good(behind, proxy):
    """R1, F4: 503 and the same code again; it works once."""
    sms_id, code = behind.send_code(), behind.last_code()
    proxy.cut(b",register")
    assert behind.verify(sms_id, code).code == "service_unavailable"
    assert proxy.cuts == 1
    assert behind.verify(sms_id, code).status == 200
    assert behind.verify(sms_id, code).code == "code_expired"


def test_a_wrong_guess_whose_verdict_is_lost_has_been_counted(behind, proxy):
    """R2, F4: or who cuts the line guesses for nothing."""
    sms_id = behind.send_code()
    proxy.cut(b",register")
    assert behind.verify(sms_id, behind.wrong_code()).code == "service_unavailable"
    assert behind.verify(sms_id, behind.wrong_code()).json["attempts_left"] == 3


def test_a_lost_claim_to_send_is_given_back(behind, proxy, gateway):
    """F4: nothing was sent, so there is no cooldown."""
    before = len(gateway.messages)
    proxy.cut(b"sealed")
    assert behind.ask_for_code().code == "service_unavailable"
    assert (proxy.cuts, len(gateway.messages)) == (1, before)
    behind.send_code()
    assert len(gateway.messages) == before + 1


@pytest.mark.parametrize("lost", ["its own", "that of the breaker behind it"])
def test_a_lost_claim_to_a_vendor_s_window_is_given_back(gateway, behind, proxy, redis, lost):
    """F4: nothing was sent, so that its minute and its day have room."""
    before, vendors = len(gateway.messages), redis.keys("vendor:*")
    proxy.cut(b"vendor:" if lost == "its own" else b"breaker:")
    assert behind.ask_for_code().code == "service_unavailable"
    assert (proxy.cuts, len(gateway.messages)) == (1, before)
    assert redis.keys("vendor:*") == vendors
    behind.send_code()


def test_a_lost_count_is_not_counted_twice(make_app, proxy, redis):
    """F4: no command is sent twice: the limiter's fallback counts the request whose count got lost."""
    client = InProcessClient(make_app(redis_url=proxy.url, ratelimit_storage_uri=proxy.url))

    def ask():
        return client.get("/v1/register/availability?username=somebody").status

    def counted():
        return sum(redis.llen(key) for key in redis.keys("LIMITS*"))

    assert ask() == 200
    proxy.cut(b"availability")
    assert (ask(), proxy.cuts) == (200, 1)
    assert counted() == 2
    wait_until(lambda: (ask(), counted())[1] == 3)
