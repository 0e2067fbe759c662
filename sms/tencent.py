"""Tencent Cloud SMS, through the vendor's SDK (``requirements-tencent.txt``)."""

import json
from dataclasses import dataclass, field
from typing import Any

from sms.endpoint import demand, parse_endpoint
from sms.faults import GARBLED, broken_exchange
from sms.gateway import Delivery, GatewayUnusable, Message
from sms.quiet import hush
from sms.templates import Templates, without_template
from sms.vendor_codes import tencent_delivery

try:
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.sms.v20210111.sms_client import SmsClient
except ImportError as error:
    raise GatewayUnusable(
        "SMS_GATEWAYS names tencent, and its SDK is not installed: pip install -r requirements-tencent.txt."
    ) from error


@dataclass(frozen=True)
class TencentSettings:
    """The account, the application in it, and its registered texts. Times are in seconds."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    sdk_app_id: str
    templates: Templates
    region: str = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"
    connect_timeout: float = 2
    read_timeout: float = 3


def connect(settings: TencentSettings) -> SmsClient:
    """A client that tries once, and logs nothing; raises ``GatewayUnusable`` for an endpoint that is none."""
    endpoint = parse_endpoint(settings.endpoint, "TENCENT_ENDPOINT")
    hush()
    http = HttpProfile(
        protocol=endpoint.scheme,
        endpoint=endpoint.host,
        reqTimeout=(settings.connect_timeout, settings.read_timeout),
    )
    return SmsClient(
        Credential(settings.secret_id, settings.secret_key), settings.region, ClientProfile(httpProfile=http)
    )


class TencentGateway:
    """Sends with ``SendSms``, version 2021-01-11. One call is one attempt: no retries, no second region."""

    name = "tencent"

    def __init__(self, settings: TencentSettings) -> None:
        demand(
            TENCENT_SECRET_ID=settings.secret_id,
            TENCENT_SECRET_KEY=settings.secret_key,
            TENCENT_SDK_APP_ID=settings.sdk_app_id,
            TENCENT_REGION=settings.region,
        )
        settings.templates.demand("TENCENT_TEMPLATE_ID", "TENCENT_TEMPLATE_PARAMS")
        self._settings = settings
        self._client = connect(settings)

    def send(self, message: Message) -> Delivery:
        """Hand over one message."""
        request = self._request(message)
        if request is None:
            return without_template(message)
        try:
            # ``call_json`` and not ``SendSms``, which would turn any Python error into a code of that error's name.
            return _verdict(self._client.call_json("SendSms", request))
        except TencentCloudSDKException as error:
            return _refusal(error)
        except Exception as error:  # whatever a garbled reply does to the SDK
            return broken_exchange(error)

    def _request(self, message: Message) -> dict[str, Any] | None:
        templates = self._settings.templates
        template = templates.id_for(message)
        if template is None:
            return None
        request: dict[str, Any] = {
            "PhoneNumberSet": [message.to],
            "SmsSdkAppId": self._settings.sdk_app_id,
            "TemplateId": template,
            "TemplateParamSet": list(templates.values_for(message).values()),
        }
        sign = templates.sign_for(message)
        return {**request, "SignName": sign} if sign else request


def _refusal(error: TencentCloudSDKException) -> Delivery:
    if error.code == "ClientNetworkError":
        return broken_exchange(error.__context__)
    if error.code == "ServerNetworkError":
        return _error_page(error.message)
    return _call_failed(error.code, error.requestId)


def _call_failed(code: object, request_id: object) -> Delivery:
    """Only a code with a request id is the vendor's; the others are the SDK's own."""
    return tencent_delivery(code, request_id=request_id) if request_id else GARBLED


def _error_page(body: bytes) -> Delivery:
    """A status other than 200; the vendor's code may still be in it."""
    try:
        return _verdict(json.loads(body))
    except (ValueError, RecursionError):
        return Delivery(GARBLED.outcome, fault="http_status")


def _verdict(reply: Any) -> Delivery:
    """What a whole reply says of its one number."""
    try:
        response = reply["Response"]
        if "Error" in response:
            return _call_failed(response["Error"]["Code"], response["RequestId"])
        (status,) = response["SendStatusSet"]
        return tencent_delivery(status["Code"], status.get("SerialNo"), response.get("RequestId"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return GARBLED
