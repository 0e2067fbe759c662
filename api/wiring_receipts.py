"""Builds what asks vendors for receipts, where ``SMS_RECEIPTS_POLL_SECONDS`` is set."""

import importlib
from collections.abc import Mapping
from typing import Any

import structlog

from api.config_sms import SmsConfig
from api.wiring_sms import vendor_settings
from services.clock import Clock
from services.keyring import Keyring
from services.message_log import MessageLog
from services.pending_receipts import PendingReceipts
from services.receipt_polls import NotingGateway, QueryPoll, QueuePoll, ReceiptPoll
from services.scripts import RedisClient
from sms.gateway import Gateway

QUEUES = ("tencent",)
QUERIES = ("aliyun",)


def build_pending(config: SmsConfig, redis: RedisClient, keyring: Keyring, clock: Clock) -> dict[str, PendingReceipts]:
    """What is noted of sent messages, for the gateways that must be asked for each."""
    polled = QUERIES if config.receipts_poll_seconds else ()
    return {name: PendingReceipts(name, redis, keyring, clock) for name in polled if name in config.gateways}


def note_sent(gateways: Mapping[str, Gateway], pending: Mapping[str, PendingReceipts]) -> dict[str, Gateway]:
    """The gateways, those with something to note in a wrapping that notes it."""
    log = structlog.get_logger()
    noting = {name: NotingGateway(gateways[name], pending[name], log) for name in pending if name in gateways}
    return {**gateways, **noting}


def build_polls(
    config: SmsConfig, pending: Mapping[str, PendingReceipts], messages: MessageLog
) -> tuple[ReceiptPoll, ...]:
    """One for each vendor that can be asked. They have connections of their own, and take no place of a gateway's."""
    log = structlog.get_logger()
    queues = [name for name in QUEUES if config.receipts_poll_seconds and name in config.gateways]
    return (
        *(QueuePoll(_receipts(name, config), messages, log) for name in queues),
        *(QueryPoll(_receipts(name, config), entries, messages, log) for name, entries in pending.items()),
    )


def _receipts(name: str, config: SmsConfig) -> Any:
    """Import a vendor's module only where it is named: its SDK may not be installed."""
    module = importlib.import_module(f"sms.{name}_receipts")
    return getattr(module, f"{name.capitalize()}Receipts")(vendor_settings(name, config.vendors[name]))
