"""Stands in for Tencent Cloud SMS, version 2021-01-11, signed with TC3-HMAC-SHA256: ``SendSms`` and ``PullSmsSendStatus``."""

import json
import re
import uuid
from dataclasses import dataclass

from tests.gateways.signatures import read_authorization, tc3_signature
from tests.gateways.standin import Reply, Request, StandIn, as_json

SECRET_ID = "AKIDtencentsecretidofthetests"
SECRET_KEY = "tencent-secret-key-of-the-tests"
APP_ID = "1400006666"
SKEW_SECONDS = 300


@dataclass(frozen=True)
class Template:
    variables: int
    is_verification: bool = True


TEMPLATES = {
    "449739": Template(1),
    "449740": Template(2),
    "449741": Template(1),
    "449742": Template(1),
    "449743": Template(1),
    "449744": Template(0, is_verification=False),
}
SIGNS = {"咚宝", "Dongbao"}


class TencentStandIn(StandIn):
    """``code`` is answered for the number, ``error`` for the call; None lets the request be judged.

    ``queue`` holds the statuses that wait to be pulled; ``report`` adds one.
    """

    def reset(self) -> None:
        super().reset()
        self.code: str | None = None
        self.error: str | None = None
        self.queue: list = []

    def report(self, serial: str, status: str = "SUCCESS", description: str = "DELIVRD", at: int = 1795420804):
        """What the carrier says of a message."""
        phone = next((message["phone"] for message in self.messages if message["serial"] == serial), "+8613800138000")
        self.queue.append(
            {
                "UserReceiveTime": at,
                "CountryCode": "86",
                "SubscriberNumber": phone.removeprefix("+86"),
                "PhoneNumber": phone,
                "SerialNo": serial,
                "ReportStatus": status,
                "Description": description,
                "SessionContext": "",
            }
        )

    def answer(self, request: Request) -> Reply:
        refusal = self.error or self._access_fault(request)
        if refusal:
            return self._response({"Error": {"Code": refusal, "Message": "refused"}})
        wanted = json.loads(request.body)
        if request.headers["x-tc-action"] == "PullSmsSendStatus":
            return self._hand_out(wanted)
        code = self.code or self._fault_of(wanted)
        phone = wanted["PhoneNumberSet"][0]
        serial = f"2640:{uuid.uuid4().hex}"
        if code == "Ok":
            self.messages.append({**wanted, "phone": phone, "serial": serial, "params": wanted["TemplateParamSet"]})
        status = {
            "SerialNo": serial if code == "Ok" else "",
            "PhoneNumber": phone,
            "Fee": 1 if code == "Ok" else 0,
            "SessionContext": "",
            "Code": code,
            "Message": "send success" if code == "Ok" else "refused",
            "IsoCode": "CN",
        }
        return self._response({"SendStatusSet": [status]})

    def _hand_out(self, wanted: dict) -> Reply:
        """Each status once, as the vendor's queue does."""
        if wanted.keys() != {"SmsSdkAppId", "Limit"} or type(wanted["Limit"]) is not int:
            return self._response({"Error": {"Code": "MissingParameter", "Message": "refused"}})
        if wanted["SmsSdkAppId"] != APP_ID:
            return self._response({"Error": {"Code": "InvalidParameterValue.SdkAppIdNotExist", "Message": "refused"}})
        if not 0 < wanted["Limit"] <= 100:
            return self._response({"Error": {"Code": "InvalidParameter", "Message": "refused"}})
        handed, self.queue = self.queue[: wanted["Limit"]], self.queue[wanted["Limit"] :]
        return self._response({"PullSmsSendStatusSet": handed})

    def _response(self, content: dict) -> Reply:
        return as_json({"Response": {**content, "RequestId": str(uuid.uuid4())}})

    def _access_fault(self, request: Request) -> str | None:
        headers = request.headers
        if request.method != "POST" or request.path != "/" or request.query_string:
            return "InvalidRequest"
        if headers.get("content-type") != "application/json":
            return "InvalidRequest"
        algorithm, fields = read_authorization(headers.get("authorization", ""))
        signed = fields.get("SignedHeaders", "").split(";")
        secret_id, _, scope = fields.get("Credential", "").partition("/")
        if algorithm != "TC3-HMAC-SHA256" or not {"content-type", "host"} <= set(signed) or signed != sorted(signed):
            return "AuthFailure.InvalidAuthorization"
        timestamp = headers.get("x-tc-timestamp", "")
        if not timestamp.isdigit() or abs(self.clock() - int(timestamp)) > SKEW_SECONDS:
            return "AuthFailure.SignatureExpire"
        if secret_id != SECRET_ID:
            return "AuthFailure.SecretIdNotFound"
        if headers["host"] != f"127.0.0.1:{self.address[1]}":
            return "AuthFailure.SignatureFailure"
        computed = tc3_signature(
            SECRET_KEY,
            method=request.method,
            path=request.path,
            query="",
            headers=headers,
            signed=signed,
            body=request.body,
            timestamp=int(timestamp),
            service="sms",
        )
        if fields.get("Signature") != computed or not scope.endswith("/sms/tc3_request"):
            return "AuthFailure.SignatureFailure"
        if headers.get("x-tc-action") not in ("SendSms", "PullSmsSendStatus"):
            return "InvalidAction"
        if headers.get("x-tc-version") != "2021-01-11":
            return "NoSuchVersion"
        return None if re.fullmatch(r"ap-[a-z]+", headers.get("x-tc-region", "")) else "UnsupportedRegion"

    def _fault_of(self, wanted: dict) -> str:
        known = {"PhoneNumberSet", "SmsSdkAppId", "TemplateId", "SignName", "TemplateParamSet"}
        if not known - {"SignName"} <= wanted.keys() <= known:
            return "MissingParameter"
        (phone,) = wanted["PhoneNumberSet"]
        is_mainland = phone.startswith("+86")
        template = TEMPLATES.get(wanted["TemplateId"])
        params = wanted["TemplateParamSet"]
        if not re.fullmatch(r"\+861[3-9]\d{9}" if is_mainland else r"\+[1-9]\d{6,14}", phone):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if wanted["SmsSdkAppId"] != APP_ID:
            return "InvalidParameterValue.SdkAppIdNotExist"
        if template is None:
            return "FailedOperation.TemplateUnapprovedOrNotExist"
        if wanted.get("SignName") not in SIGNS and (is_mainland or "SignName" in wanted):
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if len(params) != template.variables:
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        if template.is_verification and not all(re.fullmatch(r"\d{0,6}", value) for value in params):
            return "InvalidParameterValue.TemplateParameterFormatError"
        return "Ok"
