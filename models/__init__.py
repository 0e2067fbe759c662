"""The tables. No Flask, no configuration."""

from models.base import Model, UtcDateTime
from models.session import Session
from models.sms_message import SmsMessage
from models.user import User

__all__ = ["Model", "Session", "SmsMessage", "User", "UtcDateTime"]
