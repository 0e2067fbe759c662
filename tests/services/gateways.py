"""Hand-written gateways, and the parts around them, for tests of sending."""

import threading
from dataclasses import dataclass
from datetime import datetime

import structlog

from models.database import connect_database
from services.breakers import Breakers
from services.dispatch import ANY_REGION, Dispatch, Route
from services.keyring import Keyring
from services.message_log import MessageLog
from services.owed import Owed
from services.vendor_windows import VendorWindows
from sms.gateway import Delivery, Message, Outcome, Reason
from tests.settings import SECRET

PHONE = "+8613800138000"
SENT = Delivery(Outcome.SENT)
UNKNOWN = Delivery(Outcome.UNKNOWN, fault="timeout")


def not_sent(reason, **facts):
    return Delivery(Outcome.NOT_SENT, reason, **facts)


DOWN = not_sent(Reason.UNREACHABLE)


class ScriptedGateway:
    """Answers what it was told to; keeps all that it was asked, and apart what has left it or may have."""

    def __init__(self, name, answer=SENT):
        self.name = name
        self.answer = answer
        self.asked = []
        self.messages = []
        self._lock = threading.Lock()

    def send(self, message):
        with self._lock:
            self.asked.append(message)
            if isinstance(self.answer, Exception):
                raise self.answer
            if self.answer.outcome is not Outcome.NOT_SENT:
                self.messages.append(message)
            return self.answer


@dataclass(frozen=True)
class Receipt:
    """As a vendor's receipt is read."""

    message_id: str
    delivered: bool
    code: str | None = None
    at: datetime | None = None


class Memo:
    """In place of the table of messages."""

    def __init__(self):
        self.tries = []

    def record(self, gateway, message, delivery):
        self.tries.append((gateway, delivery.outcome.value, delivery.reason and delivery.reason.value))


def a_message(phone=PHONE, purpose="login", message_id="0123456789abcdef"):
    return Message(message_id, phone, purpose, "123456", "Your code is 123456", "en", 300)


def a_chain(redis, clock, *gateways, stages=None, routes=None, windows=None, pause=30):
    """A dispatch over these gateways, one after the other unless ``stages`` or ``routes`` say otherwise, and its memo."""
    routes = routes or {ANY_REGION: Route(tuple(stages or ({gateway.name: 1} for gateway in gateways)))}
    memo = Memo()
    dispatch = Dispatch(
        {gateway.name: gateway for gateway in gateways},
        routes,
        Breakers(redis, pause),
        VendorWindows(redis, Owed(structlog.get_logger()), Keyring([SECRET]), windows or {}, clock),
        memo,
        structlog.get_logger(),
    )
    return dispatch, memo


def a_log(database_url, clock):
    """The table of messages; ``database_url`` may lead nowhere."""
    database = connect_database(database_url, 2, 5)
    return MessageLog(database, Keyring([SECRET]), clock, structlog.get_logger())
