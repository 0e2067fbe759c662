"""The development inbox: the last messages of all processes, sealed in Redis, readable by the developer alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.fernet import InvalidToken

from mail.transport import Mail
from services.clock import Clock
from services.keyring import Keyring
from services.scripts import RedisClient
from sms.gateway import Message

KEY = "inbox"
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
CAPACITY = 200


@dataclass(frozen=True)
class InboxMessage:
    """A message as the inbox shows it; ``to`` is E.164 or an address."""

    channel: str
    to: str
    subject: str | None
    text: str
    code: str | None
    link: str | None
    purpose: str
    sms_id: str | None
    sent_at: datetime


class Inbox:
    """Keeps messages that would have been sent."""

    def __init__(self, redis: RedisClient, keyring: Keyring, clock: Clock) -> None:
        self._redis = redis
        self._keyring = keyring
        self._clock = clock

    def add(self, message: Message) -> None:
        """Keep an SMS; beyond the capacity the oldest message is dropped."""
        sms_id = message.id if message.code else None
        code, link = message.code or None, message.link
        self._keep(
            InboxMessage("sms", message.to, None, message.text, code, link, message.purpose, sms_id, self._clock())
        )

    def add_mail(self, mail: Mail) -> None:
        """Keep a mail likewise."""
        self._keep(
            InboxMessage("mail", mail.to, mail.subject, mail.text, None, mail.link, mail.kind, None, self._clock())
        )

    def _keep(self, kept: InboxMessage) -> None:
        with self._redis.pipeline() as pipeline:
            pipeline.lpush(KEY, self._keyring.seal(orjson.dumps(kept, option=OPTIONS).decode()))
            pipeline.ltrim(KEY, 0, CAPACITY - 1)
            pipeline.execute()

    def messages(self) -> list[dict[str, Any]]:
        """All messages that our keys still open, the newest first."""
        return [message for sealed in self._redis.lrange(KEY, 0, -1) if (message := self._open(sealed))]

    def _open(self, sealed: bytes) -> dict[str, Any] | None:
        try:
            message: dict[str, Any] = orjson.loads(self._keyring.unseal(sealed.decode()))
        except InvalidToken:
            return None
        return message
