"""What operators do to accounts at a console: look, lock, unlock, log out, anonymise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update

from models import Session, User
from models.database import Database
from services.clock import Clock
from services.emails import mask_email
from services.erasure import Erasure
from services.events import Events, EventView
from services.names import fold
from services.phones import mask_phone
from services.session_cache import SessionCache
from services.session_store import END_OWN
from services.sources import OURSELVES

BY = "operator"
EVENTS_SHOWN = 10
COLUMNS = {"id": User.id, "phone": User.phone, "email": User.verified_email_key, "username": User.username_key}
_IS_IT = User.id == bindparam("user")
LIVING = select(func.count()).where(
    Session.user_id == bindparam("user"),
    Session.ended_at.is_(None),
    Session.expires_at > bindparam("now", type_=Session.expires_at.type),
)
DISABLE = (
    update(User)
    .where(_IS_IT, User.status.in_(("active", "closing")))
    .values(status="disabled", credential_version=User.credential_version + 1)
)
ENABLE = update(User).where(_IS_IT, User.status == "disabled")
ENABLE_OPEN = ENABLE.where(User.erase_after.is_(None)).values(status="active")
ENABLE_CLOSING = ENABLE.where(User.erase_after.is_not(None)).values(status="closing", erase_after=bindparam("until"))


@dataclass(frozen=True)
class AccountCard:
    """An account as operators see it: phone and address masked; how many sessions live; its newest events."""

    id: str
    username: str
    phone: str | None
    email: str
    email_verified: bool
    status: str
    created_at: datetime
    seen_at: datetime | None
    erased_after: datetime | None
    sessions: int
    events: Sequence[EventView]


class Operators:
    """Each act is one transaction, and an event with the detail ``operator``. Acts return whether anything changed.

    ``keep`` is how long an account stays that is closing.
    """

    def __init__(
        self,
        database: Database,
        erasure: Erasure,
        cache: SessionCache,
        events: Events,
        clock: Clock,
        *,
        keep: timedelta,
    ) -> None:
        self._database = database
        self._erasure = erasure
        self._cache = cache
        self._events = events
        self._clock = clock
        self._keep = keep

    def find(self, kind: str, identifier: str) -> AccountCard | None:
        """The account whose ``kind`` (id, phone in E.164, verified email, username) is ``identifier``."""
        key = fold(identifier) if kind in ("email", "username") else identifier
        with self._database.connection() as connection:
            row = connection.execute(select(User.__table__).where(COLUMNS[kind] == key)).one_or_none()
            if row is None:
                return None
            living = connection.scalar(LIVING, {"user": row.id, "now": self._clock()}) or 0
        return _card(row, living, self._events.page(row.id, None, EVENTS_SHOWN).events)

    def disable(self, user_id: str) -> bool:
        """Let nobody in, end every session, and void what was proven; one that is closing is not erased meanwhile."""
        with self._cache.changing(user_id), self._database.transaction() as connection:
            changed = connection.execute(DISABLE, {"user": user_id}).rowcount == 1
            if changed:
                connection.execute(END_OWN, {"owner": user_id, "now": self._clock()})
                self._events.record(connection, "disabled", user_id, OURSELVES, detail=BY)
        return changed

    def enable(self, user_id: str) -> bool:
        """Let its holder in again. One that was closing goes on closing, with all its days anew to think it over."""
        until = self._clock() + self._keep
        with self._cache.changing(user_id), self._database.transaction() as connection:
            closing = connection.execute(ENABLE_CLOSING, {"user": user_id, "until": until}).rowcount == 1
            changed = closing or connection.execute(ENABLE_OPEN, {"user": user_id}).rowcount == 1
            if changed:
                self._events.record(connection, "enabled", user_id, OURSELVES, detail=BY)
        return changed

    def log_out(self, user_id: str) -> bool:
        """End every session."""
        with self._cache.changing(user_id), self._database.transaction() as connection:
            ended = connection.execute(END_OWN, {"owner": user_id, "now": self._clock()}).rowcount > 0
            if ended:
                self._events.record(connection, "sessions_ended", user_id, OURSELVES, detail=BY)
        return ended

    def anonymise(self, user_id: str) -> bool:
        """Erase it now, whatever its state."""
        return self._erasure.erase_now(user_id, OURSELVES, BY)


def _card(row: Any, living: int, events: Sequence[EventView]) -> AccountCard:
    return AccountCard(
        id=row.id,
        username=row.username,
        phone=row.phone and mask_phone(row.phone),
        email=row.email and mask_email(row.email),
        email_verified=row.verified_email_key is not None,
        status=row.status,
        created_at=row.created_at,
        seen_at=row.seen_at,
        erased_after=row.erase_after,
        sessions=living,
        events=events,
    )
