"""Erasing: what is left of an account when its person is taken out (PIPL, article 47)."""

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models import Device, Notice, PhoneChange, SecurityEvent, Session, User
from models.database import Database
from services.clock import Clock
from services.events import Events
from services.message_log import MessageLog
from services.passwords import BLOCKED
from services.session_cache import SessionCache
from services.sources import OURSELVES, Source

BATCH = 100
EVENTS_BATCH = 1000
# No user name has a colon.
PREFIX = "erased:"

_IS_IT = User.id == bindparam("user")
IS_DUE = (User.status == "closing", User.erase_after <= bindparam("now", type_=User.erase_after.type))
NEXT_DUE = select(User.id).where(*IS_DUE, User.id > bindparam("after")).order_by(User.id).limit(BATCH)
OLD_PHONES = select(PhoneChange.old_phone, PhoneChange.new_phone).where(PhoneChange.user_id == bindparam("user"))
TAKEN_PHONES = select(User.phone).where(User.phone.in_(bindparam("phones", expanding=True)))
ANONYMISE = (
    update(User)
    .where(_IS_IT)
    .values(
        phone=None,
        username="",
        username_key=bindparam("nobody"),
        email="",
        verified_email_key=None,
        password_hash=BLOCKED,
        status="erased",
        credential_version=User.credential_version + 1,
        email_version=User.email_version + 1,
        seen_at=None,
        erase_after=None,
    )
)
# Logins have to stay on record for six months (Cybersecurity Law, article 21); who they were does not.
BLANK = update(SecurityEvent).values(ip=None, device=None, request_id=None, detail=None)
NEXT_EVENTS = (
    select(SecurityEvent.id)
    .where(SecurityEvent.user_id == bindparam("user"), SecurityEvent.id > bindparam("after"))
    .order_by(SecurityEvent.id)
    .limit(EVENTS_BATCH)
)
REMOVALS = tuple(
    delete(model).where(model.user_id == bindparam("user")) for model in (Session, Device, PhoneChange, Notice)
)


class Erasure:
    """Erases accounts, each in one transaction that holds its row: whole or not at all, once, however often it is tried."""

    def __init__(
        self,
        database: Database,
        messages: MessageLog,
        cache: SessionCache,
        events: Events,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._database = database
        self._messages = messages
        self._cache = cache
        self._events = events
        self._clock = clock
        self._log = log

    def erase_due(self) -> int:
        """Erase every account whose time has come; says how many. One that fails holds up no other."""
        erased, last = 0, ""
        while ids := self._next_due(last):
            erased += sum([self._try(user_id) for user_id in ids])
            last = ids[-1]
        return erased

    def erase(self, user_id: str) -> bool:
        """Erase an account whose time has come; False for any other."""
        return self._erase(user_id, OURSELVES, None, *IS_DUE)

    def erase_now(self, user_id: str, source: Source, detail: str) -> bool:
        """Erase an account whatever its state; False where there is none, or it is erased already."""
        return self._erase(user_id, source, detail, User.status != "erased")

    def _next_due(self, after: str) -> list[str]:
        with self._database.connection() as connection:
            return list(connection.scalars(NEXT_DUE, {"now": self._clock(), "after": after}))

    def _try(self, user_id: str) -> bool:
        try:
            return self.erase(user_id)
        except SQLAlchemyError as error:
            self._log.error("account_unerased", user=user_id, error=type(error).__name__)
            return False

    def _erase(self, user_id: str, source: Source, detail: str | None, *conditions: ColumnElement[bool]) -> bool:
        with self._cache.changing(user_id), self._database.transaction() as connection:
            locked = select(User.phone).where(_IS_IT, *conditions).with_for_update()
            row = connection.execute(locked, {"user": user_id, "now": self._clock()}).one_or_none()
            if row is None:
                return False
            self._take_out(connection, user_id, row.phone)
            self._events.record(connection, "erased", user_id, source, detail=detail)
        return True

    def _take_out(self, connection: Connection, user_id: str, phone: str | None) -> None:
        """The person, out of every table; ``tests/services/test_erasure.py`` looks whether one was forgotten."""
        whose = {"user": user_id}
        phones = self._phones_of(connection, user_id, phone)
        connection.execute(ANONYMISE, {**whose, "nobody": PREFIX + user_id})
        self._messages.forget(connection, self._not_anothers(connection, phones))
        self._blank_events(connection, user_id)
        for removal in REMOVALS:
            connection.execute(removal, whose)

    @staticmethod
    def _blank_events(connection: Connection, user_id: str) -> None:
        """In batches: whoever is attacked for a year has more than one statement has time for."""
        last = ""
        while ids := list(connection.scalars(NEXT_EVENTS, {"user": user_id, "after": last})):
            connection.execute(BLANK.where(SecurityEvent.id.in_(ids)))
            last = ids[-1]

    def _phones_of(self, connection: Connection, user_id: str, phone: str | None) -> set[str]:
        """The phone of now, and those of changes that could still be undone."""
        changes = connection.execute(OLD_PHONES, {"user": user_id})
        return {number for row in changes for number in row} | ({phone} if phone else set())

    def _not_anothers(self, connection: Connection, phones: set[str]) -> set[str]:
        """Without those that another account has by now: what was sent there is that one's."""
        return phones - set(connection.scalars(TAKEN_PHONES, {"phones": list(phones)}))
