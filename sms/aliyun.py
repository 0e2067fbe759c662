"""Alibaba Cloud SMS, through the vendor's SDK (``requirements-aliyun.txt``)."""

import json
from dataclasses import dataclass, field
from typing import Any

from sms.endpoint import demand, parse_endpoint
from sms.faults import GARBLED, broken_exchange
from sms.gateway import Delivery, GatewayUnusable, Message
from sms.quiet import hush
from sms.templates import Templates, without_template
from sms.vendor_codes import aliyun_delivery

try:
    from alibabacloud_dysmsapi20170525.client import Client
    from alibabacloud_dysmsapi20170525.models import SendSmsRequest
    from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.exceptions import RetryError, UnretryableException
    from darabonba.runtime import RuntimeOptions
except ImportError as error:
    raise GatewayUnusable(
        "SMS_GATEWAYS names aliyun, and its SDK is not installed: pip install -r requirements-aliyun.txt."
    ) from error


@dataclass(frozen=True)
class AliyunSettings:
    """The account and its registered texts. Times are in seconds."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    templates: Templates
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    connect_timeout: float = 2
    read_timeout: float = 3


ONCE = RuntimeOptions(autoretry=False, max_attempts=1)


def connect(settings: AliyunSettings) -> Client:
    """A client that logs nothing; raises ``GatewayUnusable`` for an endpoint that is none."""
    endpoint = parse_endpoint(settings.endpoint, "ALIYUN_ENDPOINT")
    hush()
    return Client(
        Config(
            access_key_id=settings.access_key_id,
            access_key_secret=settings.access_key_secret,
            protocol=endpoint.scheme,
            endpoint=endpoint.host,
            connect_timeout=round(settings.connect_timeout * 1000),
            read_timeout=round(settings.read_timeout * 1000),
        )
    )


def inner_error(error: Exception) -> BaseException | None:
    """What the SDK wrapped. Its own text holds the URL, and that the phone and the code: neither may be logged."""
    if not isinstance(error, UnretryableException):
        return error
    cause: BaseException | None = error.inner_exception
    return cause.__context__ if isinstance(cause, RetryError) else cause


class AliyunGateway:
    """Sends with ``SendSms``, version 2017-05-25, which is not idempotent: one call is one attempt, without retries."""

    name = "aliyun"

    def __init__(self, settings: AliyunSettings) -> None:
        demand(
            ALIYUN_ACCESS_KEY_ID=settings.access_key_id,
            ALIYUN_ACCESS_KEY_SECRET=settings.access_key_secret,
        )
        settings.templates.demand("ALIYUN_TEMPLATE_CODE", "ALIYUN_TEMPLATE_PARAMS")
        if not any(settings.templates.signs.values()):
            raise GatewayUnusable("ALIYUN_SIGN_NAME is missing. See docs/sms.md.")
        self._templates = settings.templates
        self._client = connect(settings)

    def send(self, message: Message) -> Delivery:
        """Hand over one message."""
        template, sign = self._templates.id_for(message), self._templates.sign_for(message)
        if template is None or sign is None:
            return without_template(message)
        values = self._templates.values_for(message)
        request = SendSmsRequest(
            phone_numbers=message.to.removeprefix("+"),
            sign_name=sign,
            template_code=template,
            template_param=json.dumps(values) if values else None,
        )
        try:
            body = self._client.send_sms_with_options(request, ONCE).body
        except AlibabaCloudException as error:
            return _refusal(error.data)
        except Exception as error:  # also whatever a garbled reply does to the SDK
            return broken_exchange(inner_error(error))
        if body is None:
            return GARBLED
        return aliyun_delivery(body.code, body.message, body.biz_id, body.request_id)


def _refusal(reply: Any) -> Delivery:
    """What a reply with an error's status says; without a code of the vendor's, nothing."""
    if not isinstance(reply, dict):
        return GARBLED
    code = reply.get("Code") or reply.get("code")
    return aliyun_delivery(code, reply.get("Message"), request_id=reply.get("RequestId"))
