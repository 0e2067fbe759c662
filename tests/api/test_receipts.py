"""What vendors report of messages, by callback."""

import json
from datetime import timedelta

import pytest

from sms.gateway import Delivery, Outcome
from tests.clients import InProcessClient
from tests.services.gateways import PHONE, a_log, a_message

SECRET = "a-part-of-the-path-that-nobody-guesses"
KIB = 1024


@pytest.fixture
def client(make_app):
    return InProcessClient(make_app(callback_secret=SECRET))


@pytest.fixture
def log(database_url, clock):
    """With one message of each vendor, ``t-1`` and ``a-1``."""
    log = a_log(database_url, clock)
    for vendor, message_id in (("tencent", "t-1"), ("aliyun", "a-1")):
        log.record(vendor, a_message(message_id=message_id), Delivery(Outcome.SENT, message_id=message_id))
    return log


def push(client, vendor, receipts, secret=SECRET):
    return client.post(f"/v1/sms/receipts/{secret}/{vendor}", json=receipts)


def tencent(status="SUCCESS", at="2026-11-23 16:00:04", errmsg="DELIVRD", sid="t-1"):
    facts = {"mobile": "13800138000", "nationcode": "86", "description": "", "pull_request_id": ""}
    return facts | {"user_receive_time": at, "errmsg": errmsg, "report_status": status, "sid": sid}


def aliyun(success=True, at="2026-11-23 16:00:04", biz_id="a-1"):
    facts = {"phone_number": "13800138000", "send_time": at, "err_msg": "", "sms_size": "1", "out_id": ""}
    return facts | {"report_time": at, "success": success, "err_code": "DELIVERED", "biz_id": biz_id}


def receipt_of(log, gateway):
    return next(
        (row.receipt, row.receipt_code, row.receipt_at and f"{row.receipt_at:%Y-%m-%dT%H:%M:%SZ}")
        for row in log.trace(PHONE, timedelta(days=3650))
        if row.gateway == gateway
    )


@pytest.mark.parametrize(
    ("vendor", "receipt", "answer"),
    [("tencent", tencent(), {"result": 0, "errmsg": "OK"}), ("aliyun", aliyun(), {"code": 0, "msg": "OK"})],
)
def test_a_receipt_is_kept_and_answered_as_the_vendor_expects(client, log, vendor, receipt, answer):
    reply = push(client, vendor, [receipt])
    assert (reply.status, reply.json) == (200, answer)
    assert receipt_of(log, vendor) == (
        "delivered",
        receipt.get("errmsg") or receipt["err_code"],
        "2026-11-23T08:00:04Z",
    )


@pytest.mark.parametrize(("vendor", "receipt"), [("tencent", tencent("FAIL")), ("aliyun", aliyun(success=False))])
def test_a_failure_is_kept(client, log, vendor, receipt):
    push(client, vendor, [receipt])
    assert receipt_of(log, vendor)[0] == "failed"


@pytest.mark.parametrize(
    ("vendor", "receipt"),
    [("tencent", tencent(status)) for status in (None, "", "success", "PENDING", 0, ["FAIL"])]
    + [("aliyun", aliyun(success)) for success in (None, "", "true", 1, 0)],
)
def test_what_says_neither_is_passed_over(client, log, vendor, receipt):
    assert push(client, vendor, [receipt]).status == 200
    assert receipt_of(log, vendor) == (None, None, None)


def test_again_and_out_of_order_the_latest_holds(client, log):
    early, late = tencent("FAIL", at="2026-11-23 16:00:01"), tencent(at="2026-11-23 16:00:09")
    for receipts in ([late], [early], [late, early], [early]):
        assert push(client, "tencent", receipts).status == 200
        assert receipt_of(log, "tencent")[0] == "delivered"


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [tencent(sid="unknown")],
        [1, None, "text", [], {}],
        [tencent(sid=None), tencent(sid=""), tencent(sid="x" * 999), tencent(sid="t\0"), tencent(sid=7)],
    ],
    ids=["none", "unknown", "no receipts", "no ids"],
)
def test_what_is_none_of_ours_is_passed_over(client, log, receipts):
    """A vendor would send it for ever, were it refused."""
    assert push(client, "tencent", receipts).status == 200
    assert receipt_of(log, "tencent") == (None, None, None)


@pytest.mark.parametrize("at", [None, "", "yesterday", "0001-01-01 00:00:00", 1795420800, "2026-11-23T08:00:04Z"])
def test_a_time_that_can_not_be_read_costs_nothing_else(client, log, at):
    assert push(client, "tencent", [tencent(at=at)]).status == 200
    assert receipt_of(log, "tencent")[0] == "delivered"


def test_a_vendor_s_long_word_is_cut(client, log):
    push(client, "tencent", [tencent(errmsg="错\0" * 500)])
    assert receipt_of(log, "tencent")[1] == "错" * 96


def test_a_vendor_s_word_can_not_move_the_operator_s_terminal(client, log):
    push(client, "tencent", [tencent(errmsg="\x1b[2J\rDELIVRD\n")])
    assert receipt_of(log, "tencent")[1] == "[2JDELIVRD"


@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "错"])
def test_a_wrong_secret_is_no_address(client, log, secret):
    reply = push(client, "tencent", [tencent()], secret)
    assert (reply.status, reply.code) == (404, "not_found")
    assert receipt_of(log, "tencent")[0] is None


@pytest.mark.parametrize("vendor", ["juhe", "webhook", "Tencent", "console"])
def test_other_vendors_have_no_address(client, vendor):
    assert push(client, vendor, []).code == "not_found"


@pytest.mark.parametrize("secret", ["x", SECRET, "%20"])
def test_without_a_secret_there_are_no_receipts(make_app, secret):
    assert push(InProcessClient(make_app()), "tencent", [], secret).code == "not_found"


def filled(size):
    """A body of exactly so many bytes, full of receipts of unknown messages."""
    body = json.dumps([tencent(sid=f"unknown-{i}") for i in range(900)]).encode()
    return body[:-1] + b" " * (size - len(body)) + b"]"


@pytest.mark.parametrize(("size", "status"), [(256 * KIB, 200), (256 * KIB + 1, 413)])
def test_a_body_may_have_256_kib(client, size, status):
    body = filled(size)
    assert len(body) == size
    assert client.post(f"/v1/sms/receipts/{SECRET}/tencent", data=body).status == status


def test_other_bodies_stay_small(client):
    assert client.post("/v1/sms", data=filled(200 * KIB)).code == "payload_too_large"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"data": b"["}, "malformed_json"),
        ({"json": {}}, "validation_failed"),
        ({"data": b"[]", "headers": {"Content-Type": "text/plain"}}, "unsupported_media_type"),
        ({}, "unsupported_media_type"),
    ],
)
def test_a_body_that_is_no_array_is_refused(client, options, code):
    assert client.post(f"/v1/sms/receipts/{SECRET}/tencent", **options).code == code


def test_without_a_database_the_vendor_is_asked_to_come_again(make_app):
    away = InProcessClient(make_app(callback_secret=SECRET, database_url="sqlite:////nonexistent/x"))
    assert push(away, "tencent", [tencent()]).code == "service_unavailable"
