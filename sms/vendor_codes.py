"""What the vendors' codes mean: the one table that decides between *sent*, *not sent* and *unknown*.

A code that is not in it is *not sent*, for the reason ``REFUSED``. ``Family.*`` stands for ``Family`` and all
``Family.Member`` that have no row of their own. ``docs/sms.md`` says the same in words.
"""

import re
from collections.abc import Mapping
from typing import Literal

from sms.gateway import Delivery, Outcome, Reason

Verdict = Reason | Literal[Outcome.SENT, Outcome.UNKNOWN]

TENCENT: Mapping[str, Verdict] = {
    "Ok": Outcome.SENT,
    # limits of the number
    "LimitExceeded.PhoneNumberThirtySecondLimit": Reason.COOLDOWN,
    "LimitExceeded.PhoneNumberOneHourLimit": Reason.HOURLY_LIMIT,
    "LimitExceeded.PhoneNumberDailyLimit": Reason.DAILY_LIMIT,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Reason.DAILY_LIMIT,
    # limits of the account
    "LimitExceeded.DeliveryFrequencyLimit": Reason.RATE,
    "LimitExceeded.GlobalSmsSendingRateLimit": Reason.RATE,
    "RequestLimitExceeded.*": Reason.RATE,
    "LimitExceeded.AppDailyLimit": Reason.QUOTA,
    "LimitExceeded.AppMainlandChinaDailyLimit": Reason.QUOTA,
    "LimitExceeded.AppGlobalDailyLimit": Reason.QUOTA,
    "LimitExceeded.DailyLimit": Reason.QUOTA,
    # the number, the region, the content
    "InvalidParameterValue.IncorrectPhoneNumber": Reason.BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": Reason.BAD_NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": Reason.OPTED_OUT,
    "UnsupportedOperation.UnsupportedRegion": Reason.REGION,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": Reason.REGION,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": Reason.REGION,
    "FailedOperation.ContainSensitiveWord": Reason.CONTENT,
    # our settings and our money
    "FailedOperation.SignatureIncorrectOrUnapproved": Reason.MISCONFIGURED,
    "FailedOperation.TemplateUnapprovedOrNotExist": Reason.MISCONFIGURED,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Reason.MISCONFIGURED,
    "InvalidParameterValue.TemplateParameterFormatError": Reason.MISCONFIGURED,
    "InvalidParameterValue.SdkAppIdNotExist": Reason.MISCONFIGURED,
    "InternalError.RequestTimeException": Reason.MISCONFIGURED,
    "UnauthorizedOperation.*": Reason.MISCONFIGURED,
    "AuthFailure.*": Reason.MISCONFIGURED,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Reason.NO_CREDIT,
    "FailedOperation.InsufficientBalanceInSmsPackage": Reason.NO_CREDIT,
    # it does not know itself
    "InternalError": Outcome.UNKNOWN,
    "InternalError.Timeout": Outcome.UNKNOWN,
    "InternalError.SendAndRecvFail": Outcome.UNKNOWN,
    "InternalError.ParseBackendResponseFail": Outcome.UNKNOWN,
    "InternalError.UnknownError": Outcome.UNKNOWN,
}

ALIYUN: Mapping[str, Verdict] = {
    "OK": Outcome.SENT,
    # limits of the account; those of the number are isv.BUSINESS_LIMIT_CONTROL, told apart by its text
    "Throttling.*": Reason.RATE,
    "isv.DAY_LIMIT_CONTROL": Reason.QUOTA,
    "isv.MONTH_LIMIT_CONTROL": Reason.QUOTA,
    # the number, the region, the content
    "isv.MOBILE_NUMBER_ILLEGAL": Reason.BAD_NUMBER,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Reason.REGION,
    "isv.DENY_IP_RANGE": Reason.REGION,
    "isv.SMS_CONTENT_ILLEGAL": Reason.CONTENT,
    # our settings and our money
    "isv.SMS_SIGNATURE_ILLEGAL": Reason.MISCONFIGURED,
    "isv.SMS_TEMPLATE_ILLEGAL": Reason.MISCONFIGURED,
    "isv.TEMPLATE_MISSING_PARAMETERS": Reason.MISCONFIGURED,
    "isv.INVALID_PARAMETERS": Reason.MISCONFIGURED,
    "isv.INVALID_JSON_PARAM": Reason.MISCONFIGURED,
    "isv.BLACK_KEY_CONTROL_LIMIT": Reason.MISCONFIGURED,
    "isp.RAM_PERMISSION_DENY": Reason.MISCONFIGURED,
    "InvalidAccessKeyId.*": Reason.MISCONFIGURED,
    "SignatureDoesNotMatch": Reason.MISCONFIGURED,
    "IncompleteSignature": Reason.MISCONFIGURED,
    "InvalidTimeStamp.*": Reason.MISCONFIGURED,
    "Forbidden.*": Reason.MISCONFIGURED,
    "NoPermission": Reason.MISCONFIGURED,
    "isv.AMOUNT_NOT_ENOUGH": Reason.NO_CREDIT,
    "isv.OUT_OF_SERVICE": Reason.NO_CREDIT,
    "isv.ACCOUNT_ABNORMAL": Reason.NO_CREDIT,
    "isv.PRODUCT_UN_SUBSCRIPT": Reason.NO_CREDIT,
    # it does not know itself
    "isp.SYSTEM_ERROR": Outcome.UNKNOWN,
    "InternalError.*": Outcome.UNKNOWN,
    "ServiceUnavailable.*": Outcome.UNKNOWN,
}

ALIYUN_NUMBER_LIMIT = "isv.BUSINESS_LIMIT_CONTROL"
ALIYUN_PERIODS: Mapping[str, Reason] = {
    "分钟": Reason.COOLDOWN,
    "小时": Reason.HOURLY_LIMIT,
    "天": Reason.DAILY_LIMIT,
}

# From third parties only: Juhe's own page could not be read.
JUHE: Mapping[str, Verdict] = {
    "0": Outcome.SENT,
    "205405": Reason.COOLDOWN,
    "10011": Reason.RATE,
    "10012": Reason.QUOTA,
    "10013": Reason.QUOTA,
    "205401": Reason.BAD_NUMBER,
    "205402": Reason.MISCONFIGURED,
    "205406": Reason.MISCONFIGURED,
    "10001": Reason.MISCONFIGURED,
    "10002": Reason.MISCONFIGURED,
    "10003": Reason.MISCONFIGURED,
    "10004": Reason.MISCONFIGURED,
    "10005": Reason.MISCONFIGURED,
    "10007": Reason.MISCONFIGURED,
    "10008": Reason.MISCONFIGURED,
    "10009": Reason.MISCONFIGURED,
    "205408": Reason.NO_CREDIT,
}

# As long as the table of messages keeps them.
LONGEST_ID, LONGEST_CODE = 64, 96
_WORD = re.compile(r"[!-~]+")


def tencent_delivery(code: object, message_id: object = None, request_id: object = None) -> Delivery:
    """What Tencent's code of one number, or of a whole call, means."""
    return _delivery(TENCENT, code, message_id, request_id)


def aliyun_delivery(code: object, text: object, message_id: object = None, request_id: object = None) -> Delivery:
    """What Alibaba's code means; the limits of a number share one, and ``text`` names the period.

    A period that it does not name counts as the shortest: final all the same, and no promise of more.
    """
    if code != ALIYUN_NUMBER_LIMIT:
        return _delivery(ALIYUN, code, message_id, request_id)
    named = [reason for period, reason in ALIYUN_PERIODS.items() if period in str(text)]
    return _delivery({ALIYUN_NUMBER_LIMIT: (named or [Reason.COOLDOWN])[0]}, code, message_id, request_id)


def juhe_delivery(code: object, message_id: object = None) -> Delivery:
    """What Juhe's ``error_code`` means."""
    return _delivery(JUHE, str(code) if type(code) is int else code, message_id, None)


def _delivery(table: Mapping[str, Verdict], code: object, message_id: object, request_id: object) -> Delivery:
    named = vendor_word(code, LONGEST_CODE) if isinstance(code, str) else None
    if named is None:
        return Delivery(Outcome.UNKNOWN, request_id=vendor_word(request_id), fault="garbled")
    verdict = table.get(named) or table.get(f"{named.partition('.')[0]}.*", Reason.REFUSED)
    if isinstance(verdict, Reason):
        return Delivery(Outcome.NOT_SENT, verdict, vendor_code=named, request_id=vendor_word(request_id))
    return Delivery(verdict, message_id=vendor_word(message_id), vendor_code=named, request_id=vendor_word(request_id))


def vendor_word(value: object, longest: int = LONGEST_ID) -> str | None:
    """A vendor's word that may be kept and logged: short, printable, without blanks."""
    text = str(value) if type(value) is int else value
    return text if isinstance(text, str) and len(text) <= longest and _WORD.fullmatch(text) else None
