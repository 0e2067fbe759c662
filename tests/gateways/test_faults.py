"""What breaks between us and a vendor: *not sent* only where nothing can have been taken, and never a second request."""

import time

import pytest
import requests

from sms.gateway import Delivery, Outcome, Reason
from tests.gateways.messages import a_message
from tests.gateways.sockets import (
    not_accepting,
    refusing,
    refusing_tunnels,
    resetting_in_handshake,
    silent_in_handshake,
    untrusted,
)
from tests.gateways.standin import Fault, Reply, as_json
from tests.gateways.vendors import HASTY, HASTY_TO_CONNECT
from tests.waiting import wait_until

AT_ONCE = 4  # seconds, on a busy machine: well below the patient gateways' timeouts
GARBAGE = {
    "nothing": b"",
    "binary": b"\x00\xff\xfe{",
    "page": b"<html><body>It works!</body></html>",
    "half": b'{"Response": {"SendStatusSet": [{"Code": "O',
    "null": b"null",
    "list": b"[]",
    "text": b'"Ok"',
    "empty": b"{}",
    "other": b'{"Response": [], "Code": 200, "error_code": true}',
    "nested": b'{"Response": {"SendStatusSet": [[]], "Error": {}}, "Code": {"a": 1}, "error_code": [0]}',
    "none": b'{"Response": {"Error": null, "SendStatusSet": null}, "Code": null, "error_code": null}',
    "no_request_id": b'{"Response": {"Error": {"Code": "LimitExceeded.DailyLimit", "Message": "m"}}}',
    "null_request_id": b'{"Response": {"Error": {"Code": "LimitExceeded.DailyLimit"}, "RequestId": null}}',
    "two": b'{"Response": {"SendStatusSet": [{"Code": "Ok"}, {"Code": "Ok"}], "RequestId": "r"}}',
    "long": b'{"Response": {"SendStatusSet": [{"Code": "%s"}]}, "Code": "%s", "error_code": "%s"}'
    % ((b"x" * 500,) * 3),
    "blanks": b'{"Response": {"SendStatusSet": [{"Code": "O k"}]}, "Code": "O\\nK", "error_code": "0 0"}',
    "deep": b"[" * 100_000,
}


def timed(gateway, message) -> tuple[Delivery, float]:
    start = time.monotonic()
    delivery = gateway.send(message)
    return delivery, time.monotonic() - start


def assert_unknown_once(vendor, delivery):
    assert (delivery.outcome, delivery.reason, delivery.message_id) == (Outcome.UNKNOWN, None, None)
    assert delivery.fault
    wait_until(lambda: vendor.standin.requests, "the request")
    assert len(vendor.standin.requests) == 1


def assert_unreachable(delivery):
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.UNREACHABLE)
    assert delivery.fault


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CLOSE, Fault.CUT, Fault.NOT_HTTP])
def test_a_connection_that_breaks_after_the_request_is_unknown(vendor, fault):
    vendor.standin.reply = as_json({"some": "body"})
    vendor.standin.fault = fault
    delivery, seconds = timed(vendor.gateway(), a_message())
    assert_unknown_once(vendor, delivery)
    assert len(vendor.standin.messages) == 1
    assert seconds < AT_ONCE


def test_no_answer_is_unknown_after_the_read_timeout(vendor):
    vendor.standin.fault = Fault.HANG
    delivery, seconds = timed(vendor.gateway(**HASTY), a_message())
    assert_unknown_once(vendor, delivery)
    assert "Timeout" in delivery.fault
    assert 0.9 < seconds < AT_ONCE


def test_an_answer_after_the_timeout_is_unknown_and_the_message_was_taken(vendor):
    vendor.standin.fault, vendor.standin.delay = Fault.LATE, 10
    message = a_message()
    delivery, seconds = timed(vendor.gateway(**HASTY), message)
    assert_unknown_once(vendor, delivery)
    assert seconds < AT_ONCE
    wait_until(lambda: vendor.standin.messages, "the message")
    assert [taken["phone"] for taken in vendor.standin.messages] == [message.to]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_without_a_code_is_unknown(vendor, status):
    vendor.standin.reply = Reply(b"<html>Bad Gateway</html>", status, "text/html")
    delivery = vendor.gateway().send(a_message())
    assert delivery.outcome is Outcome.UNKNOWN
    assert len(vendor.standin.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_garbled_answer_is_unknown(templated, garbage, status):
    """Also where the SDK turns the Python error that it causes into an exception with a code."""
    templated.standin.reply = Reply(GARBAGE[garbage], status)
    assert_unknown_once(templated, templated.gateway().send(a_message()))


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_garbled_answer_of_a_webhook_s_5xx_is_unknown(webhook, garbage):
    webhook.standin.reply = Reply(GARBAGE[garbage], 500)
    assert webhook.gateway().send(a_message()).outcome is Outcome.UNKNOWN


def test_headers_that_are_none_are_unknown(templated):
    templated.standin.fault = Fault.BAD_HEADERS
    assert_unknown_once(templated, templated.gateway().send(a_message()))


def test_a_refused_connection_is_not_sent(vendor):
    """F22: so that the next gateway may send it."""
    with refusing() as address:
        delivery, seconds = timed(vendor.gateway(f"http://{address}"), a_message())
    assert_unreachable(delivery)
    assert seconds < AT_ONCE


def test_a_connection_that_is_not_made_in_time_is_not_sent(vendor):
    with not_accepting() as address:
        delivery, seconds = timed(vendor.gateway(f"http://{address}", **HASTY_TO_CONNECT), a_message())
    assert_unreachable(delivery)
    assert 0.25 < seconds < AT_ONCE


def test_a_name_that_is_not_known_is_not_sent(vendor):
    assert_unreachable(vendor.gateway("http://nowhere.invalid").send(a_message()))


def test_a_reset_in_the_handshake_is_not_sent(vendor):
    with resetting_in_handshake() as address:
        assert_unreachable(vendor.gateway(f"https://{address}").send(a_message()))


def test_silence_in_the_handshake_is_not_sent(vendor):
    with silent_in_handshake() as address:
        delivery, seconds = timed(vendor.gateway(f"https://{address}", **HASTY_TO_CONNECT), a_message())
    assert_unreachable(delivery)
    assert seconds < AT_ONCE


def test_a_certificate_that_nobody_signed_is_not_sent(vendor, tmp_path):
    with untrusted(tmp_path) as address:
        assert_unreachable(vendor.gateway(f"https://{address}").send(a_message()))


def test_https_where_http_is_spoken_is_not_sent(vendor):
    endpoint = vendor.standin.url.replace("http:", "https:")
    assert_unreachable(vendor.gateway(endpoint).send(a_message()))
    assert vendor.standin.requests == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_that_refuses_is_not_sent(vendor, monkeypatch, variable):
    with refusing() as address:
        monkeypatch.setenv(variable, f"http://{address}")
        assert_unreachable(vendor.gateway().send(a_message()))
    assert vendor.standin.requests == []


def test_a_proxy_that_builds_no_tunnel_is_not_sent(vendor, monkeypatch):
    with refusing_tunnels() as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        assert_unreachable(vendor.gateway("https://sms.example.com").send(a_message()))


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HANG, None])
@pytest.mark.parametrize("garbage", ["page", "binary"])
def test_what_broke_before_says_nothing_of_this_message(templated, fault, garbage):
    """Python chains exceptions: the first gateway's refused connection stands in the context of the second's faults."""
    templated.standin.reply, templated.standin.fault = Reply(GARBAGE[garbage]), fault
    gateway = templated.gateway(**HASTY)
    with refusing() as address:
        try:
            requests.post(f"http://{address}")
        except requests.ConnectionError:
            assert_unknown_once(templated, gateway.send(a_message()))


def test_a_gateway_heals_by_itself(vendor):
    gateway = vendor.gateway(**HASTY)
    for fault in (Fault.RESET, Fault.CLOSE, Fault.HANG):
        vendor.standin.fault = fault
        assert gateway.send(a_message()).outcome is Outcome.UNKNOWN
    vendor.standin.release()
    gateway = vendor.gateway()
    assert gateway.send(a_message()).outcome is Outcome.SENT
