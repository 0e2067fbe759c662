"""The settings of sending: which gateways, their accounts and texts, and what may be spent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from environs import Env
from phonenumbers import SUPPORTED_REGIONS

from api.bad_setting import BadSetting
from api.config_values import at_least
from schemas.fields import parse_phone
from schemas.sms import OPEN_PURPOSES, TOKEN_PURPOSES
from services.dispatch import ANY_REGION, Route
from services.tester_numbers import TesterNumber

KNOWN = ("console", "tencent", "aliyun", "juhe", "webhook")
# Notices go by SMS to those without a verified address; a vendor sends those that it has a text for.
NOTICES = (
    *("phone_changed", "phone_change_undone", "phone_added", "password_changed", "password_reset"),
    *("email_changing", "new_device", "closing", "reopened"),
)
PURPOSES = (*OPEN_PURPOSES, *TOKEN_PURPOSES, *NOTICES)
LANGUAGES = {"zh-CN": "ZH_CN", "en": "EN"}
ADAPTIVE = "adaptive"
SHORTEST_PERIOD = 10
SECRET = re.compile(r"[A-Za-z0-9._~-]{16,}")

Budget = int | str | None


@dataclass(frozen=True)
class VendorConfig:
    """A vendor's account as its settings say it: ``account`` by name, texts by (purpose, language), "" being any.

    Those that are ``overseas`` are for numbers that are not of mainland China.
    """

    account: Mapping[str, str]
    templates: Mapping[tuple[str, str], str]
    signs: Mapping[str, str]
    params: tuple[str, ...]
    overseas_templates: Mapping[tuple[str, str], str]
    overseas_signs: Mapping[str, str]


@dataclass(frozen=True)
class SmsConfig:
    """How messages leave. Budgets are numbers of messages, ``adaptive``, or None for no budget."""

    routes: Mapping[str, Route]
    vendors: Mapping[str, VendorConfig]
    testers: Mapping[str, TesterNumber]
    breaker_seconds: int
    budget_per_hour: Budget
    budget_per_day: Budget
    unverified_per_region: int | None
    unverified_per_prefix: int | None
    tencent_per_day: int
    log_days: int
    callback_secret: str
    receipts_poll_seconds: int | None

    @property
    def gateways(self) -> tuple[str, ...]:
        """Every gateway that some route names."""
        return tuple(dict.fromkeys(name for route in self.routes.values() for stage in route.stages for name in stage))


ACCOUNTS = {
    "tencent": {"SECRET_ID": "", "SECRET_KEY": "", "REGION": "ap-guangzhou", "SDK_APP_ID": "", "ENDPOINT": ""},
    "aliyun": {"ACCESS_KEY_ID": "", "ACCESS_KEY_SECRET": "", "ENDPOINT": ""},
    "juhe": {"KEY": "", "VARIABLES": "tpl_value", "ENDPOINT": ""},
    "webhook": {"URL": "", "SECRET": ""},
}
TEMPLATE_NAMES = {"tencent": "TEMPLATE_ID", "aliyun": "TEMPLATE_CODE", "juhe": "TEMPLATE_ID"}
SIGNED = ("tencent", "aliyun")


def read_sms_config(env: Env, production: bool) -> SmsConfig:
    """The settings of sending; raises ``BadSetting``."""
    routes = _routes(env)
    named = dict.fromkeys(name for route in routes.values() for stage in route.stages for name in stage)
    return SmsConfig(
        routes=routes,
        vendors={name: _vendor(env, name) for name in named if name in ACCOUNTS},
        testers=_testers(env.str("SMS_TEST_NUMBERS", ""), production),
        breaker_seconds=at_least(1, env, "SMS_BREAKER_SECONDS", 30),
        budget_per_hour=_budget(env, "SMS_BUDGET_PER_HOUR"),
        budget_per_day=_budget(env, "SMS_BUDGET_PER_DAY"),
        unverified_per_region=_optional(env, "SMS_UNVERIFIED_PER_REGION", None),
        unverified_per_prefix=_optional(env, "SMS_UNVERIFIED_PER_PREFIX", 30),
        tencent_per_day=at_least(1, env, "TENCENT_PER_DAY", 2),
        log_days=at_least(1, env, "SMS_LOG_DAYS", 90),
        callback_secret=_secret(env, "SMS_CALLBACK_SECRET"),
        receipts_poll_seconds=_period(env, "SMS_RECEIPTS_POLL_SECONDS"),
    )


def _routes(env: Env) -> dict[str, Route]:
    """``SMS_ROUTES=CN:tencent*80+aliyun*20,juhe;*:aliyun``; regions without a route of their own take ``SMS_GATEWAYS``."""
    routes = {ANY_REGION: _route(env.str("SMS_GATEWAYS", "console"), "SMS_GATEWAYS")}
    named: set[str] = set()
    for part in filter(None, env.str("SMS_ROUTES", "").replace(" ", "").split(";")):
        region, separator, chain = part.partition(":")
        region = region.upper()
        if not separator or region not in (ANY_REGION, *SUPPORTED_REGIONS):
            raise BadSetting(f"SMS_ROUTES has '{part}'; write it like CN:tencent,aliyun;*:aliyun.")
        if region in named:
            raise BadSetting(f"SMS_ROUTES names the region '{region}' twice.")
        named.add(region)
        routes[region] = _route(chain, "SMS_ROUTES")
    names = {name for route in routes.values() for stage in route.stages for name in stage}
    if "console" in names and names != {"console"}:
        raise BadSetting("SMS_GATEWAYS mixes console with real gateways; the console stands alone.")
    return routes


def _route(text: str, setting: str) -> Route:
    """Stages by commas; within one, gateways by plus signs with their weights by stars."""
    stages = tuple(
        dict(_weighted(gateway, setting) for gateway in stage.split("+")) for stage in text.replace(" ", "").split(",")
    )
    names = [name for stage in stages for name in stage]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadSetting(f"{setting} names '{twice}' twice in one list.")
    return Route(stages)


def _weighted(text: str, setting: str) -> tuple[str, int]:
    name, star, weight = text.partition("*")
    if name not in KNOWN:
        raise BadSetting(f"{setting} names '{name}'; the gateways are {', '.join(KNOWN)}.")
    if star and not (weight.isascii() and weight.isdigit() and int(weight)):
        raise BadSetting(f"{setting} has '{text}'; a weight is a number, like {name}*80.")
    return name, int(weight) if star else 1


def _vendor(env: Env, vendor: str) -> VendorConfig:
    prefix = vendor.upper()
    account = {name: env.str(f"{prefix}_{name}", "") or default for name, default in ACCOUNTS[vendor].items()}
    if vendor not in TEMPLATE_NAMES:
        return VendorConfig(account, {}, {}, (), {}, {})
    template, is_signed = TEMPLATE_NAMES[vendor], vendor in SIGNED
    return VendorConfig(
        account=account,
        templates=_templates(env, f"{prefix}_{template}"),
        signs=_signs(env, f"{prefix}_SIGN_NAME") if is_signed else {},
        params=tuple(part.strip() for part in env.str(f"{prefix}_TEMPLATE_PARAMS", "code").split(",")),
        overseas_templates=_templates(env, f"{prefix}_{template}_OVERSEAS") if is_signed else {},
        overseas_signs=_signs(env, f"{prefix}_SIGN_NAME_OVERSEAS") if is_signed else {},
    )


def _templates(env: Env, kind: str) -> dict[tuple[str, str], str]:
    return {
        (purpose, language): value
        for purpose in ("", *PURPOSES)
        for language in ("", *LANGUAGES)
        if (value := env.str(_name(kind, purpose, language), ""))
    }


def _signs(env: Env, kind: str) -> dict[str, str]:
    return {language: value for language in ("", *LANGUAGES) if (value := env.str(_name(kind, "", language), ""))}


def _name(kind: str, purpose: str, language: str) -> str:
    """Such as ``TENCENT_TEMPLATE_ID_LOGIN_EN``."""
    return "_".join(filter(None, (kind, purpose.upper(), LANGUAGES.get(language, ""))))


def _testers(text: str, production: bool) -> dict[str, TesterNumber]:
    """``+8613800000000=123456@2027-01-31``, by commas, the number in any spelling."""
    testers = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        number, _, rest = part.partition("=")
        code, _, day = rest.partition("@")
        phone = parse_phone(number.strip())
        if phone is None or not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise BadSetting("SMS_TEST_NUMBERS is written like +8613800000000=123456@2027-01-31, by commas.")
        if production and not day:
            raise BadSetting(
                "SMS_TEST_NUMBERS has a number without a last day; in production each needs one: @2027-01-31."
            )
        testers[phone] = TesterNumber(code, _day(day) if day else None)
    return testers


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f"SMS_TEST_NUMBERS has '{text}'; a day is written like 2027-01-31.") from error


def _budget(env: Env, name: str) -> Budget:
    return ADAPTIVE if env.str(name, "").strip().lower() == ADAPTIVE else _optional(env, name, None)


def _period(env: Env, name: str) -> int | None:
    seconds = _optional(env, name, None)
    if seconds is not None and seconds < SHORTEST_PERIOD:
        raise BadSetting(f"{name} is {seconds}; it must be at least {SHORTEST_PERIOD}, or none.")
    return seconds


def _secret(env: Env, name: str) -> str:
    """A part of an address: what a URL would change, or cut, could never be found."""
    secret = env.str(name, "")
    if secret and not SECRET.fullmatch(secret):
        raise BadSetting(f"{name} has at least 16 characters, all of them letters, digits, '-', '_', '.' or '~'.")
    return secret


def _optional(env: Env, name: str, default: int | None) -> int | None:
    """A number; nothing or ``none`` is no limit where there is no default."""
    text = env.str(name, "").strip().lower()
    if not text:
        return default
    if text == "none":
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadSetting(f"{name} is '{text}'; it is a whole number, or none.")
    return int(text)
