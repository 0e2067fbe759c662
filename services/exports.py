"""Everything that is held about an account, for the person it is about (PIPL, article 45)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable

from models.database import Database
from services.clock import Clock
from services.events import Events
from services.export_queries import (
    ACCOUNT,
    DEVICES,
    EVENTS,
    MESSAGES,
    NOTICES,
    PHONE_CHANGES,
    PHONE_SINCE,
    SESSIONS,
)
from services.keyring import Keyring
from services.phones import mask_phone
from services.sessions import Caller
from services.sources import Source

# The code that proves a phone was sent before the phone was the account's.
BEFORE = timedelta(hours=1)
Record = dict[str, Any]


@dataclass(frozen=True)
class Export:
    """The rows of each kind, the oldest first. The account's phone is in full, and nothing else is."""

    exported_at: datetime
    account: Record
    sessions: Sequence[Record]
    devices: Sequence[Record]
    events: Sequence[Record]
    notices: Sequence[Record]
    messages: Sequence[Record]
    phone_changes: Sequence[Record]


class Exports:
    """Reads what there is. No hash, token, code or key is the person's: none is in it."""

    def __init__(self, database: Database, keyring: Keyring, events: Events, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._events = events
        self._clock = clock

    def of(self, caller: Caller, source: Source) -> Export:
        """The caller's; there is none without its event."""
        whose = {"user": caller.profile.id}
        with self._database.connection() as connection:
            self._events.record(connection, "exported", caller.profile.id, source, caller.session_id)
            account = _records(connection, ACCOUNT, whose)[0]
            return Export(
                exported_at=self._clock(),
                account=account | {"email_verified": bool(account["email_verified"])},
                sessions=_records(connection, SESSIONS, whose),
                devices=_records(connection, DEVICES, whose),
                events=_records(connection, EVENTS, whose),
                notices=_records(connection, NOTICES, whose),
                messages=self._messages(connection, account),
                phone_changes=[_masked(change) for change in _records(connection, PHONE_CHANGES, whose)],
            )

    def _messages(self, connection: Connection, account: Record) -> list[Record]:
        """Those to the phone since the account has it: before, they may have been another's."""
        if account["phone"] is None:
            return []
        since = connection.scalar(PHONE_SINCE, {"user": account["id"]}) or account["created_at"]
        values = {"name": self._keyring.pseudonym(account["phone"]), "since": since - BEFORE}
        return _records(connection, MESSAGES, values)


def _records(connection: Connection, query: Executable, values: Record) -> list[Record]:
    return [dict(row._mapping) for row in connection.execute(query, values)]


def _masked(change: Record) -> Record:
    return change | {field: mask_phone(change[field]) for field in ("old_phone", "new_phone")}
