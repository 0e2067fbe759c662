"""The truth about every message, in the database."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from models import SmsMessage
from services.keyring import Keyring
from sms.gateway import Delivery, Outcome, Reason
from sms.vendor_codes import tencent_delivery
from tests.services.gateways import PHONE, Receipt, a_log, a_message, not_sent
from tests.settings import SECRET

WEEK = timedelta(days=7)


@pytest.fixture
def log(database_url, clock):
    return a_log(database_url, clock)


def sent(vendor_id="sid-1"):
    return Delivery(Outcome.SENT, message_id=vendor_id, vendor_code="Ok", request_id="r-1")


def the_row(log, phone=PHONE):
    (row,) = log.trace(phone, WEEK)
    return row


def test_a_try_is_kept_without_code_and_number(log, clock):
    log.record("tencent", a_message(), sent())
    row = the_row(log)
    assert (row.sms_id, row.gateway, row.region, row.purpose) == ("0123456789abcdef", "tencent", "CN", "login")
    assert (row.outcome, row.reason, row.vendor_message_id, row.vendor_code) == ("sent", None, "sid-1", "Ok")
    assert (row.vendor_request_id, row.sent_at) == ("r-1", clock())
    assert (row.phone_masked, row.phone_name) == ("+86138****8000", Keyring([SECRET]).pseudonym(PHONE))
    assert (row.receipt, row.receipt_at, row.verified_at) == (None, None, None)
    assert "123456," not in repr(tuple(row))
    assert PHONE.removeprefix("+86") not in repr(tuple(row))


@pytest.mark.parametrize("letters", [64, 65, 96, 97, 128])
@pytest.mark.parametrize("code", ["Ok", "LongCode"])
def test_what_a_vendor_says_fits_the_table_or_is_left_out(code, letters):
    """A word too long would cost the whole row on databases that mind lengths."""
    word = "x" * letters
    delivery = tencent_delivery(code if code == "Ok" else word, word, word)
    columns = SmsMessage.__table__.columns
    for name, value in (
        ("vendor_code", delivery.vendor_code),
        ("vendor_message_id", delivery.message_id),
        ("vendor_request_id", delivery.request_id),
    ):
        assert len(value or "") <= columns[name].type.length


def test_a_trace_is_of_one_number_and_the_newest_is_first(log, clock):
    log.record("tencent", a_message(), not_sent(Reason.UNREACHABLE))
    clock.advance(1)
    log.record("aliyun", a_message(), sent())
    log.record("aliyun", a_message("+8613900000000"), sent())
    assert [row.gateway for row in log.trace(PHONE, WEEK)] == ["aliyun", "tencent"]
    clock.advance(8 * 86400)
    assert log.trace(PHONE, WEEK) == []


def test_a_typed_code_is_noted_once_with_all_messages_of_its_challenge(log, clock):
    log.record("tencent", a_message(message_id="a"), sent("1"))
    log.record("tencent", a_message(message_id="a"), sent("2"))
    log.record("tencent", a_message(message_id="b"), sent("3"))
    log.record("aliyun", a_message(message_id="a"), not_sent(Reason.UNREACHABLE))
    clock.advance(60)
    first = clock()
    log.verified("a")
    clock.advance(60)
    log.verified("a")
    noted = {row.vendor_message_id: row.verified_at for row in log.trace(PHONE, WEEK)}
    assert noted == {"1": first, "2": first, "3": None, None: None}


def test_a_receipt_is_added_to_its_message(log, clock):
    log.record("tencent", a_message(), sent())
    at = clock() + timedelta(seconds=4)
    assert log.receive("tencent", [Receipt("sid-1", True, "DELIVRD", at)]) == 1
    row = the_row(log)
    assert (row.receipt, row.receipt_code, row.receipt_at) == ("delivered", "DELIVRD", at)


def test_the_same_again_changes_nothing(log, clock):
    log.record("tencent", a_message(), sent())
    receipt = Receipt("sid-1", True, "DELIVRD", clock())
    log.receive("tencent", [receipt, receipt])
    before = the_row(log)
    clock.advance(100)
    assert log.receive("tencent", [receipt]) == 1
    assert the_row(log) == before


def test_receipts_are_written_in_the_order_of_their_ids(log, clock):
    """Or the same ones twice at once would wait for each other for ever."""
    written = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith("UPDATE sms_messages"):
            written.extend(repr(of_one) for of_one in parameters)

    ids = [f"sid-{i}" for i in range(10, 40)]
    for message_id in ids:
        log.record("tencent", a_message(), sent(message_id))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        log.receive("tencent", [Receipt(message_id, True, None, clock()) for message_id in reversed(ids)])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(written) == len(ids)
    assert all(message_id in of_one for message_id, of_one in zip(ids, written, strict=True))


def test_a_receipt_without_a_time_again_changes_nothing(log, clock):
    log.record("tencent", a_message(), sent())
    log.receive("tencent", [Receipt("sid-1", False, "MK:0001")])
    before = the_row(log)
    clock.advance(100)
    log.receive("tencent", [Receipt("sid-1", False, "MK:0001")])
    assert the_row(log) == before
    assert before.receipt == "failed"


@pytest.mark.parametrize("together", [True, False], ids=["in one push", "one by one"])
@pytest.mark.parametrize("turned", [True, False], ids=["in order", "out of order"])
def test_the_latest_report_holds_in_whatever_order_they_come(log, clock, together, turned):
    log.record("tencent", a_message(), sent())
    early, late = Receipt("sid-1", False, "EARLY", clock()), Receipt("sid-1", True, "LATE", clock() + timedelta(0, 9))
    receipts = [late, early] if turned else [early, late]
    for push in [receipts] if together else [[receipt] for receipt in receipts]:
        log.receive("tencent", push)
    assert (the_row(log).receipt, the_row(log).receipt_code) == ("delivered", "LATE")


def test_unknown_ids_and_those_of_another_vendor_are_passed_over(log, clock):
    log.record("tencent", a_message(), sent())
    assert log.receive("tencent", [Receipt(f"sid-{i}", True, None, clock()) for i in range(1000, 6000)]) == 0
    assert log.receive("aliyun", [Receipt("sid-1", True, None, clock())]) == 0
    assert log.receive("tencent", []) == 0
    assert the_row(log).receipt is None


def test_ids_are_compared_byte_by_byte(log, clock):
    log.record("tencent", a_message(), sent("Sid"))
    assert log.receive("tencent", [Receipt("sid", True, None, clock())]) == 0


def test_stats_count_by_gateway_and_region(log, clock):
    log.record("aliyun", a_message("+85251234567"), sent("1"))
    log.record("tencent", a_message(message_id="a"), sent("2"))
    log.record("tencent", a_message(message_id="b"), Delivery(Outcome.UNKNOWN))
    log.record("tencent", a_message(message_id="c"), not_sent(Reason.QUOTA))
    log.receive("tencent", [Receipt("2", True, None, clock())])
    log.verified("a")
    rows = [(r.gateway, r.region, r.tried, r.sent, r.delivered, r.verified) for r in log.stats(WEEK)]
    assert rows == [("aliyun", "HK", 1, 1, 0, 0), ("tencent", "CN", 3, 2, 1, 1)]


@pytest.mark.parametrize(
    ("refusal", "tried"),
    [
        (not_sent(Reason.BUDGET), 0),
        (not_sent(Reason.LEFT_ALONE), 0),
        (not_sent(Reason.COOLDOWN), 0),
        (not_sent(Reason.DAILY_LIMIT), 0),
        (not_sent(Reason.DAILY_LIMIT, vendor_code="LimitExceeded.PhoneNumberDailyLimit"), 1),
        (not_sent(Reason.UNREACHABLE), 1),
        (not_sent(Reason.QUOTA), 1),
        (Delivery(Outcome.UNKNOWN), 1),
    ],
)
def test_stats_tell_apart_what_no_gateway_was_asked_for(log, refusal, tried):
    log.record("tencent", a_message(), refusal)
    (row,) = log.stats(WEEK)
    assert (row.tried, row.unasked) == (tried, 1 - tried)


def test_what_is_older_is_deleted_in_batches(log, clock):
    for i in range(3):
        log.record("tencent", a_message(message_id=f"{i}"), sent(f"{i}"))
        clock.advance(86400)
    assert log.purge(timedelta(days=1, hours=12)) == 2
    assert [row.vendor_message_id for row in log.trace(PHONE, WEEK)] == ["2"]
    assert log.purge(timedelta(days=1, hours=12)) == 0


def test_without_a_database_writing_fails_nobody(clock):
    away = a_log("sqlite:////nonexistent/x", clock)
    away.record("tencent", a_message(), sent())
    away.verified("a")
