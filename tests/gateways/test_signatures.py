"""The stand-ins check signatures truly: against the vendors' published examples, and whoever tampers is found out."""

import time
from dataclasses import replace

import pytest

from sms.gateway import Outcome, Reason
from tests.gateways.messages import a_message
from tests.gateways.signatures import acs3_signature, tc3_signature

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("secret", "signed", "signature"),
    [
        (
            "Gu5t9xGARNpq86cd98joQYCN3*******",
            ["content-type", "host"],
            "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
        ),
        (
            "********************************",
            ["content-type", "host", "x-tc-action"],
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        ),
    ],
)
def test_tencent_s_published_examples(secret, signed, signature):
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-action": "DescribeInstances",
    }
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    request = {"method": "POST", "path": "/", "query": "", "headers": headers, "signed": signed, "body": body}
    assert tc3_signature(secret, **request, timestamp=1551113065, service="cvm") == signature


def test_alibaba_s_published_example():
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    signature = acs3_signature(
        "YourAccessKeySecret",
        method="POST",
        path="/",
        query=query,
        headers=headers,
        signed=list(headers),
        body=b"",
    )
    assert signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def in_body(request):
    return replace(request, body=request.body.replace(b"902714", b"000000"))


def in_query(request):
    return replace(request, target=request.target.replace("902714", "000000"))


def in_header(name, value):
    return lambda request: replace(request, headers={**request.headers, name: value})


def a_minute_ago(name):
    """Reckoned when the request is there: the suite may have run for long."""

    def tamper(request):
        return in_header(name, str(int(time.time()) - 60))(request)

    return tamper


def assert_misconfigured(vendor, vendor_code):
    delivery = vendor.gateway().send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)
    assert delivery.vendor_code == vendor_code
    assert vendor.standin.messages == []


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (in_body, "AuthFailure.SignatureFailure"),
        (in_header("host", "127.0.0.1:1"), "AuthFailure.SignatureFailure"),
        (in_header("content-type", "application/json; charset=utf-8"), "InvalidRequest"),
        (a_minute_ago("x-tc-timestamp"), "AuthFailure.SignatureFailure"),
        (in_header("x-tc-timestamp", "0"), "AuthFailure.SignatureExpire"),
        (in_header("authorization", "TC3-HMAC-SHA256 Credential=x/y"), "AuthFailure.InvalidAuthorization"),
    ],
)
def test_who_tampers_with_a_message_to_tencent_is_found_out(tencent, tamper, code):
    tencent.standin.tamper = tamper
    delivery = tencent.gateway().send(a_message())
    assert (delivery.outcome, delivery.vendor_code) == (Outcome.NOT_SENT, code)
    assert tencent.standin.messages == []


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (in_query, "SignatureDoesNotMatch"),
        (lambda request: replace(request, body=b"PhoneNumbers=8613900000000"), "SignatureDoesNotMatch"),
        (in_header("x-acs-signature-nonce", "another"), "SignatureDoesNotMatch"),
        (in_header("x-acs-action", "SendBatchSms"), "SignatureDoesNotMatch"),
        (in_header("x-acs-date", "2020-01-01T00:00:00Z"), "InvalidTimeStamp.Expired"),
    ],
)
def test_who_tampers_with_a_message_to_alibaba_is_found_out(aliyun, tamper, code):
    aliyun.standin.tamper = tamper
    assert_misconfigured(aliyun, code)


@pytest.mark.parametrize("tamper", [in_body, a_minute_ago("x-timestamp"), in_header("x-signature", "sha256=0")])
def test_who_tampers_with_a_message_to_a_webhook_is_found_out(webhook, tamper):
    webhook.standin.tamper = tamper
    assert_misconfigured(webhook, "http_401")


@pytest.mark.parametrize(
    ("name", "setting", "code"),
    [
        ("tencent", "secret_key", "AuthFailure.SignatureFailure"),
        ("tencent", "secret_id", "AuthFailure.SecretIdNotFound"),
        ("aliyun", "access_key_secret", "SignatureDoesNotMatch"),
        ("aliyun", "access_key_id", "InvalidAccessKeyId.NotFound"),
        ("juhe", "key", "10001"),
        ("webhook", "secret", "http_401"),
    ],
)
def test_a_wrong_secret_is_misconfigured(request, name, setting, code):
    vendor = request.getfixturevalue(name)
    delivery = vendor.gateway(**{setting: "another"}).send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.MISCONFIGURED)
    assert delivery.vendor_code == code
    assert vendor.standin.messages == []


@pytest.mark.parametrize(
    ("name", "seconds", "code"),
    [
        ("tencent", 310, "AuthFailure.SignatureExpire"),
        ("tencent", -310, "AuthFailure.SignatureExpire"),
        ("aliyun", 910, "InvalidTimeStamp.Expired"),
        ("webhook", 310, "http_401"),
    ],
)
def test_a_clock_that_is_wrong_is_misconfigured(request, name, seconds, code):
    """F29: nothing was sent, so the next gateway is asked, and the log says it to the operator."""
    vendor = request.getfixturevalue(name)
    vendor.standin.clock = lambda: time.time() + seconds
    assert_misconfigured(vendor, code)
