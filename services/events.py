"""Security events: one row and one line in the log for everything that happens to an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, exists, insert, select
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models import SecurityEvent, User
from models.database import Database
from services.background import Background
from services.clock import Clock
from services.ids import new_id
from services.purges import purge
from services.sources import Source

_COLUMNS = SecurityEvent.__table__.c
ADD = insert(SecurityEvent)
# What is written after the act comes too late for an account that was erased meanwhile.
ADD_LATE = insert(SecurityEvent).from_select(
    _COLUMNS.keys(),
    select(*(bindparam(column.key, type_=column.type) for column in _COLUMNS)).where(
        ~exists().where(User.id == bindparam("user_id", type_=User.id.type), User.status == "erased")
    ),
)
AFTER_REPLY_SECONDS = 0.1


@dataclass(frozen=True)
class EventView:
    """An event, as the account's owner sees it."""

    id: str
    type: str
    at: datetime
    ip: str | None
    device: str | None


@dataclass(frozen=True)
class EventPage:
    """Some events, the newest first; ``next_cursor`` leads to the older ones, None at the end."""

    events: Sequence[EventView]
    next_cursor: str | None


class Events:
    """Acts are written with the act: in its transaction, or right after a single statement. Refusals, soon after the reply.

    A refusal that was written before the reply would tell by its time whether the account exists.
    """

    def __init__(self, database: Database, clock: Clock, log: FilteringBoundLogger) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._soon = Background("events", log, pause_seconds=AFTER_REPLY_SECONDS)

    def record(
        self,
        connection: Connection,
        kind: str,
        user_id: str,
        source: Source,
        session_id: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Write an act through its own connection."""
        connection.execute(ADD, self._row(kind, user_id, source, session_id, detail))

    def note(
        self, kind: str, user_id: str, source: Source, session_id: str | None = None, detail: str | None = None
    ) -> None:
        """Write an act that is done already, and whose reply a database that is away now must not spoil."""
        row = self._row(kind, user_id, source, session_id, detail)
        try:
            self._write(row)
        except SQLAlchemyError as error:
            self._log.error("event_unwritten", type=kind, error=type(error).__name__)

    def note_through(
        self,
        connection: Connection,
        kind: str,
        user_id: str,
        source: Source,
        session_id: str,
    ) -> None:
        """The same through a connection that is open already; raises ``SQLAlchemyError`` once it has said so in the log."""
        row = self._row(kind, user_id, source, session_id, None)
        try:
            connection.execute(ADD_LATE, row)
        except SQLAlchemyError as error:
            self._log.error("event_unwritten", type=kind, error=type(error).__name__)
            raise

    def refused(self, kind: str, user_id: str | None, source: Source, detail: str | None = None) -> None:
        """Write a refusal that matters; of one that names no account we know there is only the log's line."""
        row = self._row(kind, user_id, source, None, detail)
        # One that names no account goes the same way, so that its reply takes the same time.
        self._soon.submit(lambda: self._write(row) if user_id else None)

    def page(self, user_id: str, before: str | None, limit: int) -> EventPage:
        """At most ``limit`` events of an account that are older than the event ``before``."""
        columns = (SecurityEvent.id, SecurityEvent.type, SecurityEvent.at, SecurityEvent.ip, SecurityEvent.device)
        query = select(*columns).where(SecurityEvent.user_id == user_id)
        if before:
            query = query.where(SecurityEvent.id < before)
        with self._database.connection() as connection:
            rows = connection.execute(query.order_by(SecurityEvent.id.desc()).limit(limit + 1)).all()
        shown = [EventView(**row._mapping) for row in rows[:limit]]
        return EventPage(shown, shown[-1].id if len(rows) > limit else None)

    def purge(self, keep: timedelta) -> int:
        """Delete the events that are older than ``keep``; says how many."""
        before = self._clock() - keep
        return purge(self._database, SecurityEvent, before, SecurityEvent.at < before)

    def _row(
        self, kind: str, user_id: str | None, source: Source, session_id: str | None, detail: str | None
    ) -> dict[str, Any]:
        """The row; the log gets the same facts."""
        row = {
            "id": new_id(),
            "user_id": user_id,
            "type": kind,
            "at": self._clock(),
            "session_id": session_id,
            "ip": source.ip or None,
            "device": source.device or None,
            "request_id": source.request_id or None,
            "detail": detail,
        }
        self._log.info("security_event", **{name: fact for name, fact in row.items() if name != "at" and fact})
        return row

    def _write(self, row: dict[str, Any]) -> None:
        with self._database.connection() as connection:
            connection.execute(ADD_LATE, row)
