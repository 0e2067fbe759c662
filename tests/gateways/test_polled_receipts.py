"""From the shopper's request to ``flask sms trace``: receipts that nobody called us for, through the real SDKs."""

import logging
import re
import threading

import pytest

from api.app import create_app
from api.config import read_config
from tests.clients import InProcessClient
from tests.gateways.settings import settings_of
from tests.gateways.standin import Fault
from tests.services.test_secrecy import dump_redis, found
from tests.settings import environment, environment_of
from tests.shopper import Shopper
from tests.waiting import wait_until

# The stand-ins say when; the trace names the day where that is another than the message's.
WHEN = "(2026-11-23 )?08:00:04Z"


class Site:
    """An app on the settings of an operator, a shopper on it, and the command line."""

    def __init__(self, app, vendor):
        self.app = app
        self.shopper = Shopper(InProcessClient(app), lambda: [])
        self._vendor = vendor

    def send(self) -> str:
        """Ask for a code; the vendor's name of the message."""
        self.shopper.send_code("login")
        return self._vendor.standin.messages[-1]["serial"]

    def run(self, *words):
        result = self.app.test_cli_runner().invoke(args=words)
        return result.exit_code, result.output

    def poll(self):
        return self.run("jobs", "run", f"sms_receipts_{self._vendor.name}")

    def trace(self) -> str:
        return self.run("sms", "trace", self.shopper.phone)[1]


@pytest.fixture
def site(instance, database_url, redis_url, clock):
    apps = []

    def make(vendor, **settings):
        settings = {"THREADS": 5, "SMS_RECEIPTS_POLL_SECONDS": 10} | settings_of(vendor) | settings
        with environment_of(environment(instance, database_url, redis_url, **settings)):
            apps.append(create_app(read_config(), clock=clock))
        return Site(apps[-1], vendor)

    yield make
    for app in apps:
        app.extensions["dongbao"].database.engine.dispose()
        app.extensions["dongbao"].redis.close()


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(3, "DELIVERED", f"delivered {WHEN} DELIVERED"), (2, "MOBILE_OFF", f"failed {WHEN} MOBILE_OFF")],
)
def test_a_trace_shows_what_alibaba_said_when_it_was_asked(site, aliyun, redis, pass_time, status, code, said):
    here = site(aliyun)
    aliyun.standin.report(here.send(), status, code)
    assert here.poll() == (0, "sms_receipts_aliyun ran; it dealt with 0\n")
    assert "no receipt" in here.trace()
    pass_time(61)
    assert here.poll() == (0, "sms_receipts_aliyun ran; it dealt with 1\n")
    assert re.search(said, here.trace())
    assert redis.keys("receipts:*") == []
    pass_time(300)
    here.poll()
    assert len(aliyun.standin.questions) == 1


def test_while_alibaba_waits_itself_it_is_asked_again(site, aliyun, pass_time):
    here = site(aliyun)
    serial = here.send()
    pass_time(61)
    here.poll()
    assert "no receipt" in here.trace()
    aliyun.standin.report(serial)
    pass_time(300)
    here.poll()
    assert "delivered" in here.trace()


def test_a_trace_shows_what_waited_in_tencent_s_queue(site, tencent, redis):
    here = site(tencent)
    serial = here.send()
    for i in range(250):
        tencent.standin.report(f"somebody-else-{i}")
    tencent.standin.report(serial, "FAIL", "MK:0010", at=1795420804)
    assert here.poll() == (0, "sms_receipts_tencent ran; it dealt with 1\n")
    assert re.search(f"failed {WHEN} MK:0010", here.trace())
    assert tencent.standin.queue == []
    assert redis.keys("receipts:*") == []


def test_a_test_message_of_the_command_line_has_its_receipt_too(site, aliyun, pass_time):
    here = site(aliyun)
    assert here.run("sms", "send", "--to", here.shopper.phone, "--gateway", "aliyun")[0] == 0
    aliyun.standin.report(aliyun.standin.messages[0]["serial"])
    pass_time(61)
    here.poll()
    assert "delivered" in here.trace()


def test_neither_redis_nor_the_log_has_the_phone_or_the_code(site, aliyun, redis, pass_time, caplog, capfd):
    """R7: though the vendor's answer holds both."""
    with caplog.at_level(logging.DEBUG):
        here = site(aliyun)
        aliyun.standin.report(here.send())
        secrets = [here.shopper.phone.removeprefix("+86"), aliyun.standin.messages[0]["params"]["code"]]
        dumps = [dump_redis(redis)]
        pass_time(61)
        for fault in (Fault.CUT, None):
            aliyun.standin.fault = fault
            here.poll()
            dumps.append(dump_redis(redis))
            pass_time(300)
    captured = capfd.readouterr()
    assert "receipts:{aliyun}:due" in dumps[0]
    assert "receipts_unread" in captured.err
    assert "delivered" in here.trace()
    assert found(secrets, "\n".join([*dumps, caplog.text, captured.out, captured.err])) == []


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_where_it_is_not_set_nothing_is_noted_and_nobody_asked(request, site, redis, name):
    vendor = request.getfixturevalue(name)
    here = site(vendor, SMS_RECEIPTS_POLL_SECONDS="none")
    here.send()
    assert redis.keys("receipts:*") == []
    assert "sms_receipts" not in here.run("jobs", "list")[1]


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_where_it_is_set_there_is_a_job_for_the_vendor(request, site, name):
    here = site(request.getfixturevalue(name), SMS_RECEIPTS_POLL_SECONDS=15)
    (line,) = [line for line in here.run("jobs", "list")[1].splitlines() if "sms_receipts" in line]
    assert line.split() == [f"sms_receipts_{name}", "every", "15", "s"]


@pytest.mark.parametrize("name", ["juhe", "webhook"])
def test_juhe_and_a_webhook_have_nothing_to_ask_for(request, site, name):
    here = site(request.getfixturevalue(name))
    assert "sms_receipts" not in here.run("jobs", "list")[1]


def test_a_poll_that_hangs_takes_no_place_of_a_message(site, aliyun, pass_time):
    """Of 5 threads one may wait in gateways: it is free while the poll hangs."""
    here = site(aliyun)
    here.send()
    pass_time(61)
    aliyun.standin.fault = Fault.HANG
    poll = threading.Thread(target=here.poll)
    poll.start()
    wait_until(lambda: aliyun.standin.questions)
    aliyun.standin.fault = None
    here.shopper.another().send_code("login")
    assert poll.is_alive()
    aliyun.standin.release()
    poll.join()
