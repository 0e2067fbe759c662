"""Stands in for Alibaba Cloud SMS, version 2017-05-25, signed with ACS3-HMAC-SHA256: ``SendSms`` and ``QuerySendDetails``."""

import hashlib
import json
import re
import uuid
from calendar import timegm
from time import gmtime, strftime, strptime

from tests.gateways.signatures import acs3_signature, read_authorization
from tests.gateways.standin import Reply, Request, StandIn, as_json

ACCESS_KEY_ID = "LTAIaliyunaccesskeyofthetests"
ACCESS_KEY_SECRET = "aliyun-access-key-secret-of-the-tests"
SKEW_SECONDS = 900
CHINA_SECONDS = 8 * 3600
TEMPLATES = {
    "SMS_100": {"code"},
    "SMS_101": {"code", "minutes"},
    "SMS_102": {"code"},
    "SMS_103": {"code"},
    "SMS_104": {"code"},
    "SMS_105": set(),
}
SIGNS = {"咚宝", "Dongbao"}
SIGNED = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}


class AliyunStandIn(StandIn):
    """``code`` and ``text`` are answered with ``status``; None lets the request be judged.

    ``report`` says what the carrier said of a message; of the others the vendor waits to hear.
    """

    def reset(self) -> None:
        super().reset()
        self.code: str | None = None
        self.text = "refused"
        self.status = 200
        self._nonces: set[str] = set()
        self._reports: dict[str, dict] = {}

    def report(self, serial: str, status: int = 3, code: str = "DELIVERED", at: str = "2026-11-23 16:00:04"):
        """What the carrier says of a message: 1 is nothing yet, 2 failed, 3 delivered."""
        self._reports[serial] = {"SendStatus": status, "ErrCode": code, "ReceiveDate": at}

    @property
    def questions(self) -> list[dict]:
        """What was asked about messages."""
        asked = [request for request in self.requests if request.headers["x-acs-action"] == "QuerySendDetails"]
        return [request.query for request in asked]

    def answer(self, request: Request) -> Reply:
        refusal = self._access_fault(request)
        if refusal:
            code, status = refusal
            return as_json({"Code": code, "Message": "refused", **self._ids(), "HostId": "dysms"}, status)
        wanted = request.query
        if request.headers["x-acs-action"] == "QuerySendDetails":
            return self._tell(wanted)
        code = self.code or self._fault_of(wanted)
        if code != "OK":
            return as_json({"Code": code, "Message": self.text, **self._ids()}, self.status)
        biz_id = f"{uuid.uuid4().int % 10**18}^0"
        params = json.loads(wanted["TemplateParam"]) if "TemplateParam" in wanted else {}
        day = strftime("%Y%m%d", gmtime(self.clock() + CHINA_SECONDS))
        facts = {"phone": f"+{wanted['PhoneNumbers']}", "serial": biz_id, "params": params, "day": day}
        self.messages.append({**wanted, **facts})
        return as_json({"Code": "OK", "Message": "OK", "BizId": biz_id, **self._ids()})

    def _tell(self, wanted: dict) -> Reply:
        """Of a phone, a day and, if it is given, a BizId; the reply holds the text, and in it the code."""
        code = self.code or self._fault_of_question(wanted)
        if code != "OK":
            return as_json({"Code": code, "Message": self.text, **self._ids()}, self.status)
        found = [self._detail(message) for message in self.messages if _is_meant(message, wanted)]
        details = {"SmsSendDetailDTOs": {"SmsSendDetailDTO": found[: int(wanted["PageSize"])]}}
        return as_json({"Code": "OK", "Message": "OK", "TotalCount": str(len(found)), **details, **self._ids()})

    def _detail(self, message: dict) -> dict:
        facts = {
            "TemplateCode": message["TemplateCode"],
            "Content": f"【{message['SignName']}】您的验证码是{message['params'].get('code')}。",
            "PhoneNum": _as_asked(message),
            "SendDate": "2026-11-23 16:00:00",
            "OutId": "",
        }
        return facts | self._reports.get(message["serial"], {"SendStatus": 1})

    def _fault_of_question(self, wanted: dict) -> str:
        known = {"PhoneNumber", "BizId", "SendDate", "PageSize", "CurrentPage"}
        if not known - {"BizId"} <= wanted.keys() <= known:
            return "isv.INVALID_PARAMETERS"
        if not re.fullmatch(r"1[3-9]\d{9}|(?!86)[1-9]\d{6,14}", wanted["PhoneNumber"]):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if not re.fullmatch(r"20\d{2}[01]\d[0-3]\d", wanted["SendDate"]) or int(wanted["CurrentPage"]) != 1:
            return "isv.INVALID_PARAMETERS"
        return "OK" if 1 <= int(wanted["PageSize"]) <= 50 else "isv.INVALID_PARAMETERS"

    def _ids(self) -> dict:
        return {"RequestId": str(uuid.uuid4()).upper()}

    def _access_fault(self, request: Request) -> tuple[str, int] | None:
        headers = request.headers
        algorithm, fields = read_authorization(headers.get("authorization", ""))
        signed = fields.get("SignedHeaders", "").split(";")
        if algorithm != "ACS3-HMAC-SHA256" or not set(signed) >= SIGNED or signed != sorted(signed):
            return "IncompleteSignature", 400
        if fields.get("Credential") != ACCESS_KEY_ID:
            return "InvalidAccessKeyId.NotFound", 404
        try:
            asked_at = timegm(strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            return "InvalidTimeStamp.Format", 400
        if abs(self.clock() - asked_at) > SKEW_SECONDS:
            return "InvalidTimeStamp.Expired", 400
        if headers["x-acs-content-sha256"] != hashlib.sha256(request.body).hexdigest():
            return "SignatureDoesNotMatch", 400
        if headers["host"] != f"127.0.0.1:{self.address[1]}":
            return "SignatureDoesNotMatch", 400
        computed = acs3_signature(
            ACCESS_KEY_SECRET,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=headers,
            signed=signed,
            body=request.body,
        )
        if fields.get("Signature") != computed:
            return "SignatureDoesNotMatch", 400
        if headers["x-acs-signature-nonce"] in self._nonces:
            return "SignatureNonceUsed", 400
        self._nonces.add(headers["x-acs-signature-nonce"])
        if headers["x-acs-action"] not in ("SendSms", "QuerySendDetails") or headers["x-acs-version"] != "2017-05-25":
            return "InvalidAction.NotFound", 404
        return None

    def _fault_of(self, wanted: dict) -> str:
        known = {"PhoneNumbers", "SignName", "TemplateCode", "TemplateParam"}
        if not known - {"TemplateParam"} <= wanted.keys() <= known:
            return "isv.INVALID_PARAMETERS"
        phone = wanted["PhoneNumbers"]
        if not re.fullmatch(r"861[3-9]\d{9}|(?!86)[1-9]\d{6,14}", phone):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if wanted["SignName"] not in SIGNS:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if wanted["TemplateCode"] not in TEMPLATES:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        try:
            params = json.loads(wanted.get("TemplateParam", "{}"))
        except ValueError:
            return "isv.INVALID_JSON_PARAM"
        if not all(isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9]{1,6}", value) for value in params.values()):
            return "isv.INVALID_JSON_PARAM"
        if params.keys() != TEMPLATES[wanted["TemplateCode"]]:
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        return "OK"


def _is_meant(message: dict, wanted: dict) -> bool:
    same_message = wanted.get("BizId", message["serial"]) == message["serial"]
    return same_message and (wanted["PhoneNumber"], wanted["SendDate"]) == (_as_asked(message), message["day"])


def _as_asked(message: dict) -> str:
    """Numbers of the mainland are asked for without their country's code."""
    return message["phone"].removeprefix("+86").removeprefix("+")
