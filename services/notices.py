"""Notices: what shoppers have to be told. Written with the act, sent after its commit, tried again until it is told."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Update, bindparam, insert, select, update
from structlog.typing import FilteringBoundLogger

from models import Notice
from models.database import Database
from services.background import Background
from services.clock import Clock
from services.emails import mask_email
from services.ids import new_id
from services.keyring import Keyring
from services.phones import mask_phone
from services.request_ids import on_behalf_of
from services.sources import Source
from services.texts import NoticeText, notice_text

MAIL, SMS = "mail", "sms"
# After how many minutes each further try comes; when they are used up the notice is given up.
PAUSES = (1, 5, 30, 120, 360, 1440)
BATCH = 50

ADD = insert(Notice)
DUE = (
    select(Notice.__table__)
    .where(
        Notice.channel == bindparam("channel"),
        Notice.due_at <= bindparam("now", type_=Notice.due_at.type),
    )
    .order_by(Notice.due_at)
    .limit(BATCH)
)
CLAIM = (
    update(Notice)
    .where(Notice.id == bindparam("notice"), Notice.due_at == bindparam("was_due", type_=Notice.due_at.type))
    .values(due_at=bindparam("next"), attempts=Notice.attempts + 1)
)
# Where two have sent the same notice, the one that failed has nothing to say.
_UNSENT = update(Notice).where(Notice.id == bindparam("notice"), Notice.sent_at.is_(None))
SENT = _UNSENT.values(sent_at=bindparam("now"), due_at=None, sealed="", error=None)
NOT_SENT = _UNSENT.values(error=bindparam("word"))
GIVEN_UP = NOT_SENT.values(due_at=None)


@dataclass(frozen=True)
class Letter:
    """A notice on its way: ``to`` is E.164 or an address, ``kind`` what it tells of, ``link`` is in the text too.

    ``request_id`` names the request that it tells of; it is empty where there was none.
    """

    id: str
    kind: str
    to: str
    language: str
    text: NoticeText
    link: str | None
    at: datetime
    request_id: str = ""


class NotTold(Exception):
    """A letter was not taken. ``word`` says why, without a recipient; ``final`` is for ever, ``outage`` for all letters now."""

    def __init__(self, word: str, *, final: bool = False, outage: bool = False) -> None:
        super().__init__(word)
        self.word = word
        self.final = final
        self.outage = outage


class Channel(Protocol):
    """A way out for notices."""

    def send(self, letter: Letter) -> None:
        """Hand over one letter; raises ``NotTold``, or anything else, when it was not taken."""


class Notices:
    """The table of notices and the channels that empty it.

    A notice is claimed by a guarded UPDATE before it is sent, so that of many processes one sends it. Who dies between
    sending and noting it sends it again later: a shopper told twice is better than one not told. A channel whose server is
    down is left alone after one letter, so that the others keep their tries; and no channel waits for another.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        channels: Mapping[str, Channel],
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._channels = channels
        self._clock = clock
        self._log = log
        self._soon = {name: Background(f"notices-{name}", log) for name in channels}
        self._asked: set[str] = set()
        self._written = _Written()

    def tell(
        self,
        connection: Connection,
        kind: str,
        user_id: str,
        source: Source,
        *,
        phone: str | None,
        email: str | None,
        **values: str,
    ) -> None:
        """Tell the owner of an account: by mail to a verified address (``email``), else by SMS; where there is neither, nobody."""
        if email:
            self.mail(connection, kind, user_id, source, email, **values)
        elif phone:
            self.sms(connection, kind, user_id, source, phone, **values)

    def mail(self, connection: Connection, kind: str, user_id: str, source: Source, to: str, **values: str) -> None:
        """Write a mail down in the transaction of ``connection``; ``values`` fill its text, ``link`` among them."""
        self._add(connection, MAIL, kind, user_id, source, to, mask_email(to), values)

    def sms(self, connection: Connection, kind: str, user_id: str, source: Source, to: str, **values: str) -> None:
        """Write an SMS down likewise; ``to`` is E.164."""
        self._add(connection, SMS, kind, user_id, source, to, mask_phone(to), values)

    def send_soon(self) -> None:
        """After the commit of what this thread wrote: send what is due in its channels, without making the reply wait."""
        names, self._written.channels = self._written.channels, set()
        for name in names & self._channels.keys() - self._asked:
            self._asked.add(name)
            if not self._soon[name].submit(lambda name=name: self._send_asked(name)):  # type: ignore[misc]
                self._asked.discard(name)

    def send_due(self) -> int:
        """Try every notice that is due once; says how many were sent."""
        return sum(self._send(name) for name in self._channels)

    def _send_asked(self, name: str) -> None:
        """One round serves all who asked before it began."""
        self._asked.discard(name)
        self._send(name)

    def _send(self, name: str) -> int:
        sent = 0
        try:
            more = True
            while more:
                rows = self._due(name)
                sent += sum([self._try_on_behalf(row) for row in rows])
                more = len(rows) == BATCH
        except _Outage:
            pass
        return sent

    def _add(
        self,
        connection: Connection,
        channel: str,
        kind: str,
        user_id: str,
        source: Source,
        to: str,
        masked: str,
        values: Mapping[str, str],
    ) -> None:
        now = self._clock()
        contents = orjson.dumps([to, source.language, values]).decode()
        row = {
            "id": new_id(),
            "user_id": user_id,
            "channel": channel,
            "kind": kind,
            "recipient_masked": masked,
            "sealed": self._keyring.seal(contents),
            "request_id": source.request_id or None,
            "attempts": 0,
            "created_at": now,
            "due_at": now,
        }
        connection.execute(ADD, row)
        self._written.channels.add(channel)

    def _due(self, channel: str) -> list[Any]:
        with self._database.connection() as connection:
            return list(connection.execute(DUE, {"channel": channel, "now": self._clock()}))

    def _try_on_behalf(self, row: Any) -> bool:
        with on_behalf_of(row.request_id):
            return self._try(row)

    def _try(self, row: Any) -> bool:
        """Claim and send one; False when somebody else has it, or it was not taken. Raises ``_Outage``."""
        if not self._claim(row):
            return False
        try:
            self._channels[row.channel].send(self._letter(row))
        except Exception as error:
            reason = error if isinstance(error, NotTold) else NotTold(type(error).__name__)
            self._note_failure(row, reason)
            if reason.outage:
                raise _Outage from None
            return False
        self._log.info("notice_sent", kind=row.kind, channel=row.channel, notice=row.id)
        self._note(SENT, row, now=self._clock())
        return True

    def _claim(self, row: Any) -> bool:
        pause = PAUSES[min(row.attempts, len(PAUSES) - 1)]
        values = {"notice": row.id, "was_due": row.due_at, "next": self._clock() + timedelta(minutes=pause)}
        with self._database.connection() as connection:
            return bool(connection.execute(CLAIM, values).rowcount == 1)

    def _letter(self, row: Any) -> Letter:
        try:
            to, language, values = orjson.loads(self._keyring.unseal(row.sealed))
        except InvalidToken:
            raise NotTold("unreadable", final=True) from None
        text = notice_text(row.kind, language, **values)
        return Letter(row.id, row.kind, to, language, text, values.get("link"), row.created_at, row.request_id or "")

    def _note_failure(self, row: Any, reason: NotTold) -> None:
        given_up = reason.final or row.attempts >= len(PAUSES)
        self._log.warning(
            "notice_given_up" if given_up else "notice_not_sent",
            kind=row.kind,
            channel=row.channel,
            error=reason.word,
            attempts=row.attempts + 1,
            notice=row.id,
        )
        self._note(GIVEN_UP if given_up else NOT_SENT, row, word=reason.word)

    def _note(self, outcome: Update, row: Any, **values: Any) -> None:
        with self._database.connection() as connection:
            connection.execute(outcome, {"notice": row.id, **values})


class _Written(threading.local):
    """The channels that this thread wrote notices for, and has not asked to send yet."""

    def __init__(self) -> None:
        self.channels: set[str] = set()


class _Outage(Exception):
    """The rest of the round would fail as well."""
