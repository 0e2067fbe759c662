"""Builds what sends messages, mails and notices, and what knows what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from api.wiring_basis import Basis
from api.wiring_mail import build_channels, warn_of_mails
from api.wiring_receipts import build_pending, build_polls, note_sent
from api.wiring_sms import build_budgets, build_gateways, build_sender, warn_of_limits
from services.budgets import Budgets
from services.inbox import Inbox
from services.message_log import MessageLog
from services.notice_log import NoticeLog
from services.notices import Notices
from services.receipt_polls import ReceiptPoll
from services.sender import GuardedSender
from services.sms_standing import SmsStanding
from sms.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class MessageServices:
    """What leaves."""

    inbox: Inbox | None
    gateways: dict[str, Gateway]
    messages: MessageLog
    budgets: Budgets | None
    sender: GuardedSender
    sms_standing: SmsStanding
    polls: tuple[ReceiptPoll, ...]
    notices: Notices
    notice_log: NoticeLog


def build_messages(basis: Basis, stand_ins: Sequence[Gateway]) -> MessageServices:
    """``stand_ins`` are the gateways in place of those that the settings name, in order."""
    config, database, redis, keyring, clock = basis.config, basis.database, basis.redis, basis.keyring, basis.clock
    inbox = Inbox(redis, keyring, clock) if config.uses_console else None
    named = {gateway.name: gateway for gateway in stand_ins}
    pending = build_pending(config.sms, redis, keyring, clock)
    gateways = note_sent(named or build_gateways(config.sms, config.threads, inbox), pending)
    warn_of_limits(config.sms, config.sms_per_day)
    warn_of_mails(config)
    messages = MessageLog(database, keyring, clock, structlog.get_logger())
    budgets = None if "console" in gateways else build_budgets(config.sms, redis, database, keyring, clock)
    sender = build_sender(config.sms, gateways, redis, basis.owed, keyring, messages, budgets, clock)
    channels = build_channels(config, sender, redis, keyring, inbox)
    notices = Notices(database, keyring, channels, clock, structlog.get_logger())
    return MessageServices(
        inbox=inbox,
        gateways=gateways,
        messages=messages,
        budgets=budgets,
        sender=sender,
        sms_standing=SmsStanding(redis, keyring, gateways),
        polls=() if named else build_polls(config.sms, pending, messages),
        notices=notices,
        notice_log=NoticeLog(database, notices, clock),
    )
