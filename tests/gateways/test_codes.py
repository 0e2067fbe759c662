"""Every row of the table of codes, answered by the stand-ins and read through the real SDKs."""

from dataclasses import replace

import pytest
from tencentcloud.sms.v20210111 import errorcodes

from sms import vendor_codes
from sms.gateway import Outcome, Reason
from tests.gateways.messages import a_message
from tests.gateways.standin import Reply, as_json

UNKNOWN = Outcome.UNKNOWN

# By hand, from the vendors' pages and not from the table that is tested.
TENCENT = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": Reason.COOLDOWN,
    "LimitExceeded.PhoneNumberOneHourLimit": Reason.HOURLY_LIMIT,
    "LimitExceeded.PhoneNumberDailyLimit": Reason.DAILY_LIMIT,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Reason.DAILY_LIMIT,
    "LimitExceeded.DeliveryFrequencyLimit": Reason.RATE,
    "LimitExceeded.GlobalSmsSendingRateLimit": Reason.RATE,
    "RequestLimitExceeded": Reason.RATE,
    "RequestLimitExceeded.UinLimitExceeded": Reason.RATE,
    "LimitExceeded.AppDailyLimit": Reason.QUOTA,
    "LimitExceeded.AppMainlandChinaDailyLimit": Reason.QUOTA,
    "LimitExceeded.AppGlobalDailyLimit": Reason.QUOTA,
    "LimitExceeded.DailyLimit": Reason.QUOTA,
    "InvalidParameterValue.IncorrectPhoneNumber": Reason.BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": Reason.BAD_NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": Reason.OPTED_OUT,
    "UnsupportedOperation.UnsupportedRegion": Reason.REGION,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": Reason.REGION,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": Reason.REGION,
    "FailedOperation.SignatureIncorrectOrUnapproved": Reason.MISCONFIGURED,
    "FailedOperation.TemplateUnapprovedOrNotExist": Reason.MISCONFIGURED,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Reason.MISCONFIGURED,
    "InvalidParameterValue.TemplateParameterFormatError": Reason.MISCONFIGURED,
    "InvalidParameterValue.SdkAppIdNotExist": Reason.MISCONFIGURED,
    "UnauthorizedOperation": Reason.MISCONFIGURED,
    "UnauthorizedOperation.RequestIpNotInWhitelist": Reason.MISCONFIGURED,
    "UnauthorizedOperation.RequestPermissionDeny": Reason.MISCONFIGURED,
    "UnauthorizedOperation.SdkAppIdIsDisabled": Reason.MISCONFIGURED,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": Reason.MISCONFIGURED,
    "AuthFailure": Reason.MISCONFIGURED,
    "AuthFailure.SignatureFailure": Reason.MISCONFIGURED,
    "AuthFailure.SignatureExpire": Reason.MISCONFIGURED,
    "AuthFailure.SecretIdNotFound": Reason.MISCONFIGURED,
    "AuthFailure.UnauthorizedOperation": Reason.MISCONFIGURED,
    "InternalError.RequestTimeException": Reason.MISCONFIGURED,
    "FailedOperation.InsufficientBalanceInSmsPackage": Reason.NO_CREDIT,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Reason.NO_CREDIT,
    "FailedOperation.ContainSensitiveWord": Reason.CONTENT,
    "InternalError": UNKNOWN,
    "InternalError.Timeout": UNKNOWN,
    "InternalError.SendAndRecvFail": UNKNOWN,
    "InternalError.ParseBackendResponseFail": UNKNOWN,
    "InternalError.UnknownError": UNKNOWN,
    "FailedOperation.OtherError": Reason.REFUSED,
    "InternalError.OtherError": Reason.REFUSED,
    "NewFamily.NewCode": Reason.REFUSED,
    "JSONDecodeError": Reason.REFUSED,
}
ALIYUN = {
    "Throttling": Reason.RATE,
    "Throttling.User": Reason.RATE,
    "Throttling.Api": Reason.RATE,
    "isv.DAY_LIMIT_CONTROL": Reason.QUOTA,
    "isv.MONTH_LIMIT_CONTROL": Reason.QUOTA,
    "isv.MOBILE_NUMBER_ILLEGAL": Reason.BAD_NUMBER,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Reason.REGION,
    "isv.DENY_IP_RANGE": Reason.REGION,
    "isv.SMS_SIGNATURE_ILLEGAL": Reason.MISCONFIGURED,
    "isv.SMS_TEMPLATE_ILLEGAL": Reason.MISCONFIGURED,
    "isv.TEMPLATE_MISSING_PARAMETERS": Reason.MISCONFIGURED,
    "isv.INVALID_PARAMETERS": Reason.MISCONFIGURED,
    "isv.INVALID_JSON_PARAM": Reason.MISCONFIGURED,
    "isv.BLACK_KEY_CONTROL_LIMIT": Reason.MISCONFIGURED,
    "isp.RAM_PERMISSION_DENY": Reason.MISCONFIGURED,
    "InvalidAccessKeyId.NotFound": Reason.MISCONFIGURED,
    "InvalidAccessKeyId.Inactive": Reason.MISCONFIGURED,
    "SignatureDoesNotMatch": Reason.MISCONFIGURED,
    "IncompleteSignature": Reason.MISCONFIGURED,
    "InvalidTimeStamp.Expired": Reason.MISCONFIGURED,
    "Forbidden.RAM": Reason.MISCONFIGURED,
    "NoPermission": Reason.MISCONFIGURED,
    "isv.AMOUNT_NOT_ENOUGH": Reason.NO_CREDIT,
    "isv.OUT_OF_SERVICE": Reason.NO_CREDIT,
    "isv.ACCOUNT_ABNORMAL": Reason.NO_CREDIT,
    "isv.PRODUCT_UN_SUBSCRIPT": Reason.NO_CREDIT,
    "isv.SMS_CONTENT_ILLEGAL": Reason.CONTENT,
    "isp.SYSTEM_ERROR": UNKNOWN,
    "InternalError": UNKNOWN,
    "ServiceUnavailable": UNKNOWN,
    "isv.NEW_CODE": Reason.REFUSED,
    "None": Reason.REFUSED,
}
ALIYUN_LIMITS = {
    "触发分钟级流控Permits:1": Reason.COOLDOWN,
    "触发小时级流控Permits:5": Reason.HOURLY_LIMIT,
    "触发天级流控Permits:10": Reason.DAILY_LIMIT,
    "触发号码天级流控Permits:40": Reason.DAILY_LIMIT,
    "too many": Reason.COOLDOWN,
}
JUHE = {
    205401: Reason.BAD_NUMBER,
    205402: Reason.MISCONFIGURED,
    205405: Reason.COOLDOWN,
    205406: Reason.MISCONFIGURED,
    205408: Reason.NO_CREDIT,
    10001: Reason.MISCONFIGURED,
    10002: Reason.MISCONFIGURED,
    10003: Reason.MISCONFIGURED,
    10004: Reason.MISCONFIGURED,
    10005: Reason.MISCONFIGURED,
    10007: Reason.MISCONFIGURED,
    10008: Reason.MISCONFIGURED,
    10009: Reason.MISCONFIGURED,
    10011: Reason.RATE,
    10012: Reason.QUOTA,
    10013: Reason.QUOTA,
    205403: Reason.REFUSED,
    205404: Reason.REFUSED,
    10014: Reason.REFUSED,
    10020: Reason.REFUSED,
}


def assert_means(delivery, meaning, code):
    """Not sent for a reason, or unknown; the vendor's word kept."""
    if meaning is UNKNOWN:
        assert (delivery.outcome, delivery.reason) == (UNKNOWN, None)
    else:
        assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, meaning)
    assert delivery.vendor_code == str(code)


@pytest.mark.parametrize("place", ["code", "error"])
@pytest.mark.parametrize("code", TENCENT)
def test_a_code_of_tencent_s(tencent, code, place):
    """F29: said of the number, in SendStatusSet, or of the whole call, as an Error."""
    setattr(tencent.standin, place, code)
    delivery = tencent.gateway().send(a_message())
    assert_means(delivery, TENCENT[code], code)
    assert len(delivery.request_id) == 36
    assert len(tencent.standin.requests) == 1


@pytest.mark.parametrize("code", ["LimitExceeded.AppDailyLimit", "InternalError", "AuthFailure.SignatureFailure"])
@pytest.mark.parametrize(
    ("status", "content_type"), [(503, "application/json"), (200, "application/json; charset=utf-8")]
)
def test_tencent_s_error_in_an_unusual_wrapping(tencent, code, status, content_type):
    """The SDK looks for an Error under status 200 and one spelling of the content type alone."""
    reply = as_json({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r-1"}}, status)
    tencent.standin.reply = replace(reply, content_type=content_type)
    delivery = tencent.gateway().send(a_message())
    assert_means(delivery, TENCENT[code], code)
    assert delivery.request_id == "r-1"


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("code", ALIYUN)
def test_a_code_of_alibaba_s(aliyun, code, status):
    """With a status of success, as the product answers, or of an error, as the front does."""
    aliyun.standin.code, aliyun.standin.status = code, status
    delivery = aliyun.gateway().send(a_message())
    assert_means(delivery, ALIYUN[code], code)
    assert len(delivery.request_id) == 36
    assert len(aliyun.standin.requests) == 1


def test_alibaba_s_error_in_xml(aliyun):
    """As the front answers when it has not come to read what was asked for."""
    body = b"<?xml version='1.0'?><Error><RequestId>r-1</RequestId><Code>Throttling.User</Code><Message>m</Message></Error>"
    aliyun.standin.reply = Reply(body, 400, "text/xml;charset=utf-8")
    delivery = aliyun.gateway().send(a_message())
    assert_means(delivery, Reason.RATE, "Throttling.User")
    assert delivery.request_id == "r-1"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("text", ALIYUN_LIMITS)
def test_alibaba_s_limits_of_a_number_are_told_apart_by_their_text(aliyun, text, status):
    """F23: the code is the same for minute, hour and day."""
    aliyun.standin.code, aliyun.standin.text, aliyun.standin.status = "isv.BUSINESS_LIMIT_CONTROL", text, status
    delivery = aliyun.gateway().send(a_message())
    assert_means(delivery, ALIYUN_LIMITS[text], "isv.BUSINESS_LIMIT_CONTROL")


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("code", JUHE)
def test_a_code_of_juhe_s(juhe, code, as_text, status):
    """As a number or as digits; the status of HTTP is no signal."""
    juhe.standin.code, juhe.standin.status = str(code) if as_text else code, status
    delivery = juhe.gateway().send(a_message())
    assert_means(delivery, JUHE[code], code)
    assert len(juhe.standin.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", [0, "0"])
def test_juhe_s_zero_is_sent(juhe, code, status):
    juhe.standin.code, juhe.standin.status = code, status
    assert juhe.gateway().send(a_message()).outcome is Outcome.SENT


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_webhook_s_2xx_is_sent(webhook, status):
    webhook.standin.reply = as_json({"whatever": 1}, status)
    assert webhook.gateway().send(a_message()).outcome is Outcome.SENT


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, Reason.REFUSED),
        (307, Reason.REFUSED),
        (400, Reason.REFUSED),
        (401, Reason.MISCONFIGURED),
        (403, Reason.MISCONFIGURED),
        (404, Reason.MISCONFIGURED),
        (405, Reason.MISCONFIGURED),
        (422, Reason.REFUSED),
        (429, Reason.RATE),
    ],
)
def test_a_webhook_s_4xx_is_not_sent(webhook, status, reason):
    webhook.standin.reply = Reply(b"", status, location=f"{webhook.standin.url}/send")
    assert_means(webhook.gateway().send(a_message()), reason, f"http_{status}")
    assert len(webhook.standin.requests) == 1


@pytest.mark.parametrize("body", [{}, {"outcome": "unknown"}, {"outcome": "sent"}, [], "not_sent", None])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_webhook_s_5xx_is_unknown(webhook, status, body):
    webhook.standin.reply = as_json(body, status)
    assert_means(webhook.gateway().send(a_message()), UNKNOWN, f"http_{status}")


@pytest.mark.parametrize("status", [500, 503])
def test_a_webhook_s_5xx_that_says_so_is_not_sent(webhook, status):
    webhook.standin.reply = as_json({"outcome": "not_sent"}, status)
    assert_means(webhook.gateway().send(a_message()), Reason.REFUSED, f"http_{status}")


def rows_without_a_test(table, tested):
    """A family counts as tested by any member that has no row of its own."""

    def is_tested(row):
        family = row.removesuffix(".*")
        return row in tested or (row != family and any(f"{code}.".startswith(f"{family}.") for code in tested))

    return [row for row in table if not is_tested(row)]


def test_every_row_has_a_test():
    assert rows_without_a_test(vendor_codes.TENCENT, {*TENCENT, "Ok"}) == []
    assert rows_without_a_test(vendor_codes.ALIYUN, {*ALIYUN, "OK"}) == []
    assert rows_without_a_test(vendor_codes.JUHE, {*map(str, JUHE), "0"}) == []


def test_tencent_s_rows_are_codes_that_its_sdk_lists():
    """So that none is misspelt. The front's codes, common to all products, are not in the list."""
    listed = {code for code in vars(errorcodes).values() if isinstance(code, str)}
    rows = {row for row in vendor_codes.TENCENT if not row.endswith(".*")}
    assert rows - listed == {"Ok", "InternalError"}
