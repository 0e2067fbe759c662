"""Builds what sends messages: the gateways that the settings name, and the guards around them."""

import importlib
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import structlog

from api.bad_setting import BadSetting
from api.config_sms import ADAPTIVE, Budget, SmsConfig, VendorConfig
from models.database import Database
from services.breakers import Breakers
from services.budgets import BudgetRules, Budgets
from services.clock import Clock
from services.dispatch import ANY_REGION, Dispatch, Route
from services.inbox import Inbox
from services.keyring import Keyring
from services.message_log import MessageLog
from services.owed import Owed
from services.phones import mask_phone
from services.scripts import RedisClient
from services.sender import GuardedSender
from services.traffic import Traffic
from services.traffic_history import TrafficHistory
from services.vendor_windows import CHINESE_DAY, VendorWindows, Window
from sms.console import ConsoleGateway
from sms.deadline import Deadline
from sms.gateway import Gateway, GatewayUnusable, Reason
from sms.templates import Templates

CALL_SECONDS = 5.5
SHARE_OF_THREADS = 5
PRESETS = {
    "aliyun": (
        Window(1, 60, Reason.COOLDOWN),
        Window(5, 3600, Reason.HOURLY_LIMIT),
        Window(10, 86400, Reason.DAILY_LIMIT),
    ),
    "juhe": (Window(1, 30, Reason.COOLDOWN), Window(2, 60, Reason.COOLDOWN), Window(3, 1800, Reason.HOURLY_LIMIT)),
}


def build_sender(
    config: SmsConfig,
    gateways: dict[str, Gateway],
    redis: RedisClient,
    owed: Owed,
    keyring: Keyring,
    messages: MessageLog,
    budgets: Budgets | None,
    clock: Clock,
) -> GuardedSender:
    """The sender of codes through ``gateways``."""
    log = structlog.get_logger()
    named = set(config.gateways) == set(gateways)
    routes = config.routes if named else {ANY_REGION: Route(tuple({name: 1} for name in gateways))}
    windows = PRESETS | {
        "tencent": (Window(1, 30, Reason.COOLDOWN), Window(config.tencent_per_day, CHINESE_DAY, Reason.DAILY_LIMIT))
    }
    dispatch = Dispatch(
        gateways,
        routes,
        Breakers(redis, config.breaker_seconds),
        VendorWindows(redis, owed, keyring, {name: windows[name] for name in gateways if name in windows}, clock),
        messages,
        log,
    )
    return GuardedSender(dispatch, budgets, messages, log)


def build_gateways(config: SmsConfig, threads: int, inbox: Inbox | None) -> dict[str, Gateway]:
    """The gateways by name, each held to its deadline; at most a fifth of the threads wait in all of them together.

    Raises ``BadSetting`` for a missing SDK or an account that is not complete.
    """
    if inbox is not None:
        return {"console": ConsoleGateway(inbox, structlog.get_logger().info, mask_phone)}
    places = threading.BoundedSemaphore(max(1, threads // SHARE_OF_THREADS))
    try:
        return {name: Deadline(_vendor(name, config.vendors[name]), CALL_SECONDS, places) for name in config.gateways}
    except GatewayUnusable as error:
        raise BadSetting(str(error)) from error


def warn_of_limits(config: SmsConfig, ours_per_day: int) -> None:
    """Say at the start where a vendor lets a number have fewer messages than we do."""
    if "tencent" in config.gateways and not 0 < ours_per_day <= config.tencent_per_day:
        structlog.get_logger().warning(
            "tencent_limits_a_number",
            tencent_per_day=config.tencent_per_day,
            sms_per_day=ours_per_day,
            hint="raise the limit in Tencent's console, then TENCENT_PER_DAY; or lower SMS_PER_DAY",
        )


def vendor_settings(name: str, config: VendorConfig) -> Any:
    """What a vendor's module calls its settings, such as ``sms.tencent.TencentSettings``."""
    settings: dict[str, Any] = {key.lower(): value for key, value in config.account.items() if value}
    required = {key.lower(): value for key, value in config.account.items() if not value and key != "ENDPOINT"}
    if name != "webhook":
        settings["templates"] = Templates(
            config.templates, config.signs, config.params, config.overseas_templates, config.overseas_signs
        )
    settings_class = getattr(_module(name), f"{name.capitalize()}Settings")
    return settings_class(**required, **settings)


def _vendor(name: str, config: VendorConfig) -> Gateway:
    gateway: Gateway = getattr(_module(name), f"{name.capitalize()}Gateway")(vendor_settings(name, config))
    return gateway


def _module(name: str) -> ModuleType:
    """Import a vendor's module only where it is named: its SDK may not be installed."""
    return importlib.import_module(f"sms.{name}")


def build_budgets(config: SmsConfig, redis: RedisClient, database: Database, keyring: Keyring, clock: Clock) -> Budgets:
    """What messages may cost."""
    traffic = Traffic(redis, TrafficHistory(database, clock, structlog.get_logger()).read, clock)
    rules = BudgetRules(
        site_per_hour=_limit(config.budget_per_hour, traffic.per_hour),
        site_per_day=_limit(config.budget_per_day, traffic.per_day),
        unverified_per_region=config.unverified_per_region,
        unverified_per_prefix=config.unverified_per_prefix,
    )
    return Budgets(redis, keyring, rules, traffic, clock)


def _limit(budget: Budget, adaptive: Callable[[], int]) -> Callable[[], int | None]:
    if budget == ADAPTIVE:
        return adaptive
    return lambda: budget if isinstance(budget, int) else None
