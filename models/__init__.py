"""The tables. No Flask, no configuration."""

from models.base import Model, UtcDateTime
from models.device import Device
from models.limit_hit import LimitHit
from models.notice import Notice
from models.phone_change import PhoneChange
from models.security_event import SecurityEvent
from models.session import Session
from models.sms_message import SmsMessage
from models.user import User

__all__ = [
    "Device",
    "LimitHit",
    "Model",
    "Notice",
    "PhoneChange",
    "SecurityEvent",
    "Session",
    "SmsMessage",
    "User",
    "UtcDateTime",
]
