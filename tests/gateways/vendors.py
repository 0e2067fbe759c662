"""The four vendors alike: a stand-in, and our gateway to it."""

from dataclasses import dataclass, replace
from typing import Any

from sms.aliyun import AliyunGateway, AliyunSettings
from sms.gateway import Gateway
from sms.juhe import JuheGateway, JuheSettings
from sms.templates import ANY, Templates
from sms.tencent import TencentGateway, TencentSettings
from sms.webhook import WebhookGateway, WebhookSettings
from tests.gateways import aliyun, juhe, tencent, webhook
from tests.gateways.standin import StandIn

PATIENT = {"connect_timeout": 10.0, "read_timeout": 10.0}
HASTY = {"read_timeout": 1.0}
HASTY_TO_CONNECT = {"connect_timeout": 0.3}
SIGNS = {ANY: "咚宝", "en": "Dongbao"}


def templates(*ids: str, **changes: Any) -> Templates:
    """By purpose and language; the names of the five stand for what they are for."""
    keys = ((ANY, ANY), ("register", ANY), (ANY, "en"), ("register", "en"), ("phone_changed", ANY))
    return replace(Templates(ids=dict(zip(keys, ids, strict=True)), signs=SIGNS), **changes)


@dataclass(frozen=True)
class Vendor:
    """``ids`` are the stand-in's templates with one variable and the notice, ``pair`` is the one with two."""

    name: str
    standin: StandIn
    gateway_class: type
    settings: Any
    secrets: tuple[str, ...]
    ids: tuple[str, ...] = ()
    pair: str = ""

    def gateway(self, endpoint: str | None = None, **changes: Any) -> Gateway:
        """Our gateway to the stand-in, or to another ``endpoint``."""
        if endpoint:
            changes["url" if self.name == "webhook" else "endpoint"] = endpoint
        return self.gateway_class(replace(self.settings, **changes))

    def template_of(self, taken: dict) -> str:
        """Which of its templates the vendor was asked for."""
        return next(taken[field] for field in ("TemplateId", "TemplateCode", "tpl_id") if field in taken)


def _tencent() -> Vendor:
    standin = tencent.TencentStandIn()
    ids = ("449739", "449741", "449742", "449743", "449744")
    settings = TencentSettings(
        tencent.SECRET_ID,
        tencent.SECRET_KEY,
        tencent.APP_ID,
        templates(*ids),
        endpoint=standin.url,
        **PATIENT,
    )
    secrets = (tencent.SECRET_ID, tencent.SECRET_KEY)
    return Vendor("tencent", standin, TencentGateway, settings, secrets, ids, "449740")


def _aliyun() -> Vendor:
    standin = aliyun.AliyunStandIn()
    ids = ("SMS_100", "SMS_102", "SMS_103", "SMS_104", "SMS_105")
    settings = AliyunSettings(
        aliyun.ACCESS_KEY_ID,
        aliyun.ACCESS_KEY_SECRET,
        templates(*ids),
        endpoint=standin.url,
        **PATIENT,
    )
    secrets = (aliyun.ACCESS_KEY_ID, aliyun.ACCESS_KEY_SECRET)
    return Vendor("aliyun", standin, AliyunGateway, settings, secrets, ids, "SMS_101")


def _juhe() -> Vendor:
    standin = juhe.JuheStandIn()
    ids = ("166", "168", "169", "170", "171")
    settings = JuheSettings(
        juhe.KEY,
        templates(*ids),
        endpoint=standin.url,
        **PATIENT,
    )
    return Vendor("juhe", standin, JuheGateway, settings, (juhe.KEY,), ids, "167")


def _webhook() -> Vendor:
    standin = webhook.WebhookStandIn()
    settings = WebhookSettings(f"{standin.url}/send", webhook.SECRET, **PATIENT)
    return Vendor("webhook", standin, WebhookGateway, settings, (webhook.SECRET,))


VENDORS = {"tencent": _tencent, "aliyun": _aliyun, "juhe": _juhe, "webhook": _webhook}
WITH_TEMPLATES = ("tencent", "aliyun", "juhe")
