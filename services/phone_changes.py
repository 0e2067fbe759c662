"""Changes of phone: whoever has the old number is told, and can have the account back for some days."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from models import PhoneChange, User
from models.database import Database
from services.clock import Clock
from services.errors import NotFound, PhoneRegistered, TicketExpired, TicketInvalid
from services.events import Events
from services.ids import new_id
from services.keyring import Keyring
from services.notices import Notices
from services.passwords import BLOCKED
from services.phones import mask_phone
from services.purges import purge
from services.session_cache import SessionCache
from services.sessions import Sessions
from services.sources import Source

_OPEN = (
    PhoneChange.undone_at.is_(None),
    PhoneChange.undo_until > bindparam("now", type_=PhoneChange.undo_until.type),
)
ADD = insert(PhoneChange)
FIND = select(PhoneChange.__table__).where(PhoneChange.undo_check.in_(bindparam("checks", expanding=True)))
LATEST = select(PhoneChange.__table__).where(*_OPEN, PhoneChange.user_id == bindparam("user"))
LATEST = LATEST.order_by(PhoneChange.id.desc()).limit(1)
GIVE_BACK = (
    update(User)
    .where(User.id == bindparam("user"), User.status != "erased")
    .values(phone=bindparam("number"), password_hash=BLOCKED, credential_version=User.credential_version + 1)
)
UNDO = update(PhoneChange).where(*_OPEN, PhoneChange.id == bindparam("change")).values(undone_at=bindparam("now"))
UNDO_LATER = (
    update(PhoneChange)
    .where(
        PhoneChange.user_id == bindparam("user"),
        PhoneChange.id > bindparam("change"),
        PhoneChange.undone_at.is_(None),
    )
    .values(undone_at=bindparam("now"))
)
ADDRESS = select(User.email).where(User.id == bindparam("user"), User.verified_email_key.is_not(None))


@dataclass(frozen=True)
class UndoRules:
    """For how many days a change can be undone, and where the site is whose page the messages link to."""

    days: int
    site: str


class PhoneChanges:
    """The table of changes. Undoing locks the account's row first; of many at once, one marks the change."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        sessions: Sessions,
        cache: SessionCache,
        events: Events,
        notices: Notices,
        clock: Clock,
        rules: UndoRules,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._sessions = sessions
        self._cache = cache
        self._events = events
        self._notices = notices
        self._clock = clock
        self._rules = rules

    def note(
        self, connection: Connection, user_id: str, old: str | None, new: str, email: str | None, source: Source
    ) -> None:
        """Write a change down in its transaction, and tell the old number and the verified address how to undo it.

        Where there was no old number there is nothing to go back to.
        """
        self._events.record(connection, "phone_changed", user_id, source, detail=mask_phone(new))
        if old:
            values = {
                "phone": mask_phone(new),
                "days": str(self._rules.days),
                "link": self._add(connection, user_id, old, new),
            }
            self._notices.sms(connection, "phone_changed", user_id, source, old, **values)
            if email:
                self._notices.mail(connection, "phone_changed", user_id, source, email, **values)
        elif email:
            self._notices.mail(connection, "phone_added", user_id, source, email, phone=mask_phone(new))

    def told(self) -> None:
        """After the commit: send what ``note`` wrote."""
        self._notices.send_soon()

    def undo(self, token: str, source: Source) -> None:
        """Take a change back by the token of its message, and all changes after it.

        Raises ``TicketInvalid`` for a token that is none, ``TicketExpired`` for one that is used or too old, and
        ``PhoneRegistered`` when another account has the old number by now.
        """
        with self._database.connection() as connection:
            change = connection.execute(FIND, {"checks": self._keyring.checks("undo_phone", token)}).one_or_none()
        if change is None:
            raise TicketInvalid
        self._undo(change, source)

    def undo_latest(self, user_id: str, source: Source) -> str:
        """Take back the last change that can be undone, for whom has lost the message; the old number, masked.

        Raises ``NotFound`` where there is none, else as ``undo``.
        """
        with self._database.connection() as connection:
            change = connection.execute(LATEST, {"user": user_id, "now": self._clock()}).one_or_none()
        if change is None:
            raise NotFound
        self._undo(change, source)
        return mask_phone(change.old_phone)

    def purge(self) -> int:
        """Delete the changes that can't be undone any more; says how many."""
        now = self._clock()
        return purge(self._database, PhoneChange, now, PhoneChange.undo_until <= now)

    def _add(self, connection: Connection, user_id: str, old: str, new: str) -> str:
        """The link that undoes the change."""
        now, token = self._clock(), secrets.token_urlsafe(16)
        row = {
            "id": new_id(),
            "user_id": user_id,
            "old_phone": old,
            "new_phone": new,
            "undo_check": self._keyring.checks("undo_phone", token)[0],
            "changed_at": now,
            "undo_until": now + timedelta(days=self._rules.days),
        }
        connection.execute(ADD, row)
        return f"{self._rules.site}/undo-phone#token={token}"

    def _undo(self, change: Any, source: Source) -> None:
        """Whoever changed it had the password, or a code of the number: neither opens the account any more."""
        try:
            with self._cache.changing(change.user_id), self._database.transaction() as connection:
                self._give_back(connection, change)
                self._sessions.end_all_in(connection, change.user_id)
                self._tell(connection, change, source)
        except IntegrityError as error:
            raise PhoneRegistered from error
        self._notices.send_soon()

    def _give_back(self, connection: Connection, change: Any) -> None:
        values = {"user": change.user_id, "change": change.id, "now": self._clock()}
        given = connection.execute(GIVE_BACK, {"user": change.user_id, "number": change.old_phone}).rowcount
        if given != 1 or connection.execute(UNDO, values).rowcount != 1:
            raise TicketExpired
        connection.execute(UNDO_LATER, values)

    def _tell(self, connection: Connection, change: Any, source: Source) -> None:
        kind, user_id = "phone_change_undone", change.user_id
        self._events.record(connection, kind, user_id, source, detail=mask_phone(change.old_phone))
        self._notices.sms(connection, kind, user_id, source, change.old_phone)
        if email := connection.scalar(ADDRESS, {"user": user_id}):
            self._notices.mail(connection, kind, user_id, source, email)
