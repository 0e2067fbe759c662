"""What is held about an account, as queries: each column that is the person's, by the name that the export gives it."""

from typing import Any

from sqlalchemy import Select, bindparam, func, select

from models import Device, Notice, PhoneChange, SecurityEvent, Session, SmsMessage, User

PHONE_EVENTS = ("phone_changed", "phone_change_undone")

ACCOUNT = select(
    User.id,
    User.username,
    User.phone,
    User.email,
    User.verified_email_key.is_not(None).label("email_verified"),
    User.status,
    User.created_at,
    User.seen_at,
).where(User.id == bindparam("user"))
PHONE_SINCE = select(func.max(SecurityEvent.at, type_=SecurityEvent.at.type)).where(
    SecurityEvent.user_id == bindparam("user"), SecurityEvent.type.in_(PHONE_EVENTS)
)


def _of_user(model: Any, order: Any, *columns: Any) -> Select[Any]:
    return select(*columns).where(model.user_id == bindparam("user")).order_by(order)


SESSIONS = _of_user(
    Session,
    Session.id,
    Session.id,
    Session.device,
    Session.ip,
    Session.created_at,
    Session.refreshed_at.label("last_seen_at"),
    Session.expires_at,
    Session.ends_at,
    Session.ended_at,
)
DEVICES = _of_user(Device, Device.first_seen_at, Device.name, Device.first_seen_at)
EVENTS = _of_user(
    SecurityEvent,
    SecurityEvent.id,
    SecurityEvent.id,
    SecurityEvent.type,
    SecurityEvent.at,
    SecurityEvent.session_id,
    SecurityEvent.ip,
    SecurityEvent.device,
    SecurityEvent.request_id,
    SecurityEvent.detail,
)
NOTICES = _of_user(
    Notice,
    Notice.id,
    Notice.kind,
    Notice.channel,
    Notice.recipient_masked.label("recipient"),
    Notice.created_at,
    Notice.sent_at,
)
PHONE_CHANGES = _of_user(
    PhoneChange,
    PhoneChange.id,
    PhoneChange.old_phone,
    PhoneChange.new_phone,
    PhoneChange.changed_at,
    PhoneChange.undo_until,
    PhoneChange.undone_at,
)
MESSAGES = (
    select(
        SmsMessage.purpose,
        SmsMessage.phone_masked.label("phone"),
        SmsMessage.language,
        SmsMessage.sent_at,
        SmsMessage.outcome,
        SmsMessage.receipt,
        SmsMessage.receipt_at,
        SmsMessage.verified_at,
    )
    .where(
        SmsMessage.phone_name == bindparam("name"),
        SmsMessage.sent_at >= bindparam("since", type_=SmsMessage.sent_at.type),
    )
    .order_by(SmsMessage.id)
)
