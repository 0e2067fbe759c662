"""What vendors answer when they are asked what became of messages, through the real SDKs."""

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sms.aliyun_receipts import AliyunReceipts
from sms.receipts import Receipt, Report
from sms.tencent_receipts import TencentReceipts
from tests.gateways.messages import a_message
from tests.gateways.sockets import refusing
from tests.gateways.standin import Fault, Reply, as_json
from tests.gateways.test_faults import AT_ONCE, GARBAGE
from tests.gateways.vendors import HASTY
from tests.waiting import wait_until

AT = datetime(2026, 11, 23, 8, 0, 4, tzinfo=UTC)
UNIX_AT = int(AT.timestamp())
BREAKS = [Fault.HANG, Fault.RESET, Fault.CLOSE, Fault.CUT, Fault.NOT_HTTP, Fault.BAD_HEADERS]


class Asking:
    """A message that was sent, and the way to ask for its receipt."""

    def __init__(self, vendor, **changes):
        self.standin, self.secrets = vendor.standin, vendor.secrets
        self.message = a_message(**changes)
        self.serial = vendor.gateway().send(self.message).message_id
        self._vendor = vendor

    def ask(self, endpoint=None, **changes) -> Report:
        changes |= {"endpoint": endpoint} if endpoint else {}
        settings = replace(self._vendor.settings, **changes)
        if self._vendor.name == "tencent":
            return TencentReceipts(settings).pull()
        return AliyunReceipts(settings).ask(self.message.to, self.serial, datetime.now(UTC))


@pytest.fixture(params=["tencent", "aliyun"])
def asking(request):
    return Asking(request.getfixturevalue(request.param))


# Tencent


def test_tencent_s_queue_is_handed_out_once(tencent):
    receipts = TencentReceipts(tencent.settings)
    tencent.standin.report("2640:1", at=UNIX_AT)
    tencent.standin.report("2640:2", "FAIL", "MK:0010", at=UNIX_AT)
    assert receipts.pull() == Report(
        (Receipt("2640:1", True, "DELIVRD", AT), Receipt("2640:2", False, "MK:0010", AT)), more=False
    )
    assert receipts.pull() == Report()


@pytest.mark.parametrize(("waiting", "more"), [(99, False), (100, True), (101, True)])
def test_a_full_page_says_that_more_may_wait(tencent, waiting, more):
    for i in range(waiting):
        tencent.standin.report(f"2640:{i}")
    report = TencentReceipts(tencent.settings).pull()
    assert (len(report.receipts), report.more) == (min(waiting, 100), more)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        1,
        "text",
        {},
        {"SerialNo": "2640:9"},
        {"SerialNo": "2640:9", "ReportStatus": "LATER"},
        {"SerialNo": "2640:9", "ReportStatus": ["SUCCESS"]},
        *({"SerialNo": serial, "ReportStatus": "SUCCESS"} for serial in (None, "", 7, "x" * 65, "a\0")),
    ],
)
def test_what_is_no_receipt_is_passed_over_and_the_others_are_kept(tencent, entry):
    """They are out of the queue: whoever stumbled over one would lose them."""
    tencent.standin.queue.append(entry)
    tencent.standin.report("2640:1", at=UNIX_AT)
    report = TencentReceipts(tencent.settings).pull()
    assert (report.receipts, report.fault) == ((Receipt("2640:1", True, "DELIVRD", AT),), None)


@pytest.mark.parametrize("at", [None, 0, -1, "2026-11-23 16:00:04", 10**18, True, 1.5, []])
def test_a_time_of_tencent_s_that_can_not_be_read_costs_nothing_else(tencent, at):
    tencent.standin.report("2640:1", at=at)
    assert TencentReceipts(tencent.settings).pull().receipts == (Receipt("2640:1", True, "DELIVRD", None),)


@pytest.mark.parametrize(("description", "kept"), [(None, None), (7, None), ("错\0" * 200, "错" * 96)])
def test_tencent_s_words_are_cut(tencent, description, kept):
    tencent.standin.report("2640:1", description=description, at=UNIX_AT)
    assert TencentReceipts(tencent.settings).pull().receipts == (Receipt("2640:1", True, kept, AT),)


# Alibaba


@pytest.mark.parametrize(
    ("status", "receipts"),
    [
        (1, []),
        (2, [(False, "DELIVERED", AT)]),
        (3, [(True, "DELIVERED", AT)]),
        ("3", [(True, "DELIVERED", AT)]),
        (4, []),
        (None, []),
    ],
)
def test_alibaba_says_delivered_failed_or_nothing_yet(aliyun, status, receipts):
    sent = Asking(aliyun)
    aliyun.standin.report(sent.serial, status)
    report = sent.ask()
    assert [(receipt.delivered, receipt.code, receipt.at) for receipt in report.receipts] == receipts
    assert {receipt.message_id for receipt in report.receipts} <= {sent.serial}
    assert report.fault is None


def test_alibaba_is_asked_for_one_message_of_its_day(aliyun):
    sent, other = Asking(aliyun), Asking(aliyun)
    aliyun.standin.report(other.serial)
    assert sent.ask() == Report()
    (question, *_) = aliyun.standin.questions
    assert question == {
        "PhoneNumber": sent.message.to.removeprefix("+86"),
        "BizId": sent.serial,
        "SendDate": aliyun.standin.messages[0]["day"],
        "PageSize": "10",
        "CurrentPage": "1",
    }


def test_overseas_numbers_keep_their_country(aliyun):
    sent = Asking(aliyun, to="+85251234567")
    aliyun.standin.report(sent.serial)
    assert sent.ask().receipts[0].delivered
    assert aliyun.standin.questions[0]["PhoneNumber"] == "85251234567"


@pytest.mark.parametrize(
    ("sent_at", "days"),
    [
        ("2026-11-23T15:58:00+00:00", ["20261123"]),
        ("2026-11-23T15:59:30+00:00", ["20261123", "20261124"]),
        ("2026-11-23T16:00:30+00:00", ["20261123", "20261124"]),
        ("2026-11-23T16:02:00+00:00", ["20261124"]),
    ],
)
def test_the_day_is_china_s_and_around_midnight_both_are_asked(aliyun, sent_at, days):
    """The message may have got the date of the one and its note the date of the other."""
    AliyunReceipts(aliyun.settings).ask("+8613800138000", "1^0", datetime.fromisoformat(sent_at))
    assert [question["SendDate"] for question in aliyun.standin.questions] == days


def test_the_second_day_is_not_asked_when_the_first_has_it(aliyun):
    taken = {"phone": "+8613800138000", "serial": "1^0", "day": "20261123"}
    aliyun.standin.messages.append({**taken, "params": {}, "TemplateCode": "SMS_100", "SignName": "咚宝"})
    aliyun.standin.report("1^0")
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert AliyunReceipts(aliyun.settings).ask("+8613800138000", "1^0", midnight + timedelta(seconds=1)).receipts
    assert len(aliyun.standin.questions) == 1


@pytest.mark.parametrize("at", [None, "", "soon", "0001-01-01 00:00:00", 1795420804])
def test_a_time_of_alibaba_s_that_can_not_be_read_costs_nothing_else(aliyun, at):
    sent = Asking(aliyun)
    aliyun.standin.report(sent.serial, at=at)
    assert [(receipt.delivered, receipt.at) for receipt in sent.ask().receipts] == [(True, None)]


# Both


def test_a_vendor_s_refusal_is_told_by_its_code(tencent, aliyun):
    tencent.standin.error = "UnsupportedOperation"
    assert TencentReceipts(tencent.settings).pull() == Report(fault="UnsupportedOperation")
    sent = Asking(aliyun)
    aliyun.standin.code = "isv.ACCOUNT_ABNORMAL"
    assert sent.ask() == Report(fault="isv.ACCOUNT_ABNORMAL")
    aliyun.standin.code, aliyun.standin.status = "Throttling.User", 400
    assert sent.ask() == Report(fault="Throttling.User")


@pytest.mark.parametrize(
    ("code", "of_message"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", True),
        ("isv.INVALID_PARAMETERS", True),
        ("isv.SOMETHING_NEW", True),
        ("Throttling.User", False),
        ("isp.RAM_PERMISSION_DENY", False),
        ("isv.AMOUNT_NOT_ENOUGH", False),
        ("isp.SYSTEM_ERROR", False),
        ("no word at all", False),
    ],
)
def test_a_fault_of_one_message_is_told_apart_from_those_of_the_account(aliyun, code, of_message):
    sent = Asking(aliyun)
    aliyun.standin.code = code
    report = sent.ask()
    assert (bool(report.fault), report.of_message) == (True, of_message)


@pytest.mark.parametrize(
    ("name", "setting", "code"),
    [
        ("tencent", "secret_key", "AuthFailure.SignatureFailure"),
        ("tencent", "sdk_app_id", "InvalidParameterValue.SdkAppIdNotExist"),
        ("aliyun", "access_key_secret", "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_account_is_a_fault(request, name, setting, code):
    sent = Asking(request.getfixturevalue(name))
    assert sent.ask(**{setting: "another"}) == Report(fault=code)


@pytest.mark.parametrize("fault", BREAKS)
def test_what_breaks_on_the_way_is_a_fault_and_one_attempt(asking, fault):
    before = len(asking.standin.requests)
    asking.standin.fault = fault
    start = time.monotonic()
    report = asking.ask(**HASTY)
    assert (report.receipts, report.more) == ((), False)
    assert report.fault
    wait_until(lambda: len(asking.standin.requests) > before)
    assert len(asking.standin.requests) == before + 1
    assert time.monotonic() - start < AT_ONCE


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_garbled_answer_is_a_fault(asking, garbage, status):
    asking.standin.reply = Reply(GARBAGE[garbage], status)
    report = asking.ask()
    assert report.receipts == ()
    assert report.fault


@pytest.mark.parametrize("details", [None, {}, {"SmsSendDetailDTO": []}, {"SmsSendDetailDTO": None}])
def test_an_empty_answer_of_alibaba_s_is_nothing_yet(aliyun, details):
    sent = Asking(aliyun)
    aliyun.standin.reply = as_json({"Code": "OK", "TotalCount": "0", "SmsSendDetailDTOs": details})
    assert sent.ask() == Report()


@pytest.mark.parametrize("details", [7, "text", {"SmsSendDetailDTO": [7]}, {"SmsSendDetailDTO": {"a": 1}}])
def test_details_that_are_none_are_a_fault(aliyun, details):
    sent = Asking(aliyun)
    aliyun.standin.reply = as_json({"Code": "OK", "SmsSendDetailDTOs": details})
    assert sent.ask().fault


@pytest.mark.parametrize("entries", [None, []])
def test_an_empty_queue_of_tencent_s_is_no_fault(tencent, entries):
    tencent.standin.reply = as_json({"Response": {"PullSmsSendStatusSet": entries, "RequestId": "r"}})
    assert TencentReceipts(tencent.settings).pull() == Report()


@pytest.mark.parametrize("fault", [None, *BREAKS])
def test_nothing_of_a_question_or_its_answer_is_logged_or_shown(asking, caplog, capfd, monkeypatch, fault):
    """R7: not the phone, not the code that the answer holds, not the key."""
    monkeypatch.setenv("DEBUG", "sdk")
    for talker in ("urllib3", "tencentcloud_sdk_common", "darabonba-core"):
        logging.getLogger(talker).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        asking.standin.report(asking.serial)
        asking.standin.fault = fault
        reports = [asking.ask(**HASTY)]
        asking.standin.release()
        for reply in (Reply(b"garbage"), Reply(b"garbage", 500), as_json({"Code": "refused", "Message": "902714"})):
            asking.standin.reply = reply
            reports.append(asking.ask())
        with refusing() as address:
            reports.append(asking.ask(f"http://{address}"))
    captured = capfd.readouterr()
    said = caplog.text + captured.out + captured.err
    words = (*asking.secrets, asking.message.code, asking.message.to[-10:])
    assert [word for word in words if word in said + repr(reports)] == []
