"""R7: whatever happens to a message, no key, no code and no full phone gets into a log, a repr or an exception."""

import logging
import traceback

import pytest

from sms.gateway import Outcome
from tests.gateways.messages import a_message
from tests.gateways.sockets import refusing
from tests.gateways.standin import Fault, Reply, as_json
from tests.gateways.vendors import HASTY
from tests.waiting import wait_until

FAULTS = [None, Fault.HANG, Fault.RESET, Fault.CUT, Fault.NOT_HTTP, Fault.BAD_HEADERS]


def words_of(vendor, message):
    """What must not be found; phones are found by their last ten digits, however they are written."""
    return [*vendor.secrets, message.code, message.to[-10:]]


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_logged(vendor, caplog, capfd, monkeypatch, fault):
    """Not even when everything that can be logged is."""
    monkeypatch.setenv("DEBUG", "sdk")
    message = a_message()
    gateway = vendor.gateway(**HASTY)
    with caplog.at_level(logging.DEBUG):
        vendor.standin.fault = fault
        wait_until(lambda: gateway.send(message) and vendor.standin.requests)
        vendor.standin.release()
        before = len(vendor.standin.requests)
        gateway = vendor.gateway()
        for reply in (Reply(b"garbage"), Reply(b"garbage", 500), as_json({"Code": "x", "error_code": 1})):
            vendor.standin.reply = reply
            gateway.send(message)
        with refusing() as address:
            vendor.gateway(f"http://{address}").send(message)
    assert len(vendor.standin.requests) >= before + 3
    captured = capfd.readouterr()
    said = caplog.text + captured.out + captured.err
    assert [word for word in words_of(vendor, message) if word in said] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_in_a_repr(vendor, fault):
    message = a_message()
    vendor.standin.fault = fault
    gateway = vendor.gateway(**HASTY)
    delivery = gateway.send(message)
    said = repr([delivery, message, gateway, vendor.settings, vars(gateway)])
    assert [word for word in words_of(vendor, message) if word in said] == []


def test_a_traceback_that_shows_locals_shows_nothing(vendor):
    """As structlog's do: the frames between the caller and a fault of ours hold the message itself."""
    message = a_message()
    gateway = vendor.gateway()
    frames = traceback.StackSummary.extract([(_frame_of(gateway, message), 1)], capture_locals=True)
    said = "".join(frames.format())
    assert "Message(" in said
    assert [word for word in words_of(vendor, message) if word in said] == []


def _frame_of(gateway, message):
    import sys

    assert gateway.send(message).outcome is Outcome.SENT
    return sys._getframe()
