"""Logging in: by password, or by a code."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from models import User
from models.database import Database
from services.clock import Clock
from services.closings import Closings
from services.devices import KNOWN, Devices
from services.errors import InvalidCredentials, PhoneNotRegistered, ServiceUnavailable
from services.events import Events
from services.ids import new_id
from services.names import fold
from services.notices import Notices
from services.passwords import Passwords
from services.phone_claims import PhoneClaims
from services.profiles import PROFILE_COLUMNS, profile_of
from services.sessions import Sessions, SignedIn, TokenPair
from services.sources import Source
from services.tickets import Tickets

ACCOUNT_COLUMNS = (*PROFILE_COLUMNS, User.erase_after, User.credential_version, User.password_hash, KNOWN)
FIND_BY = {
    kind: select(*ACCOUNT_COLUMNS).where(column == bindparam("identifier"))
    for kind, column in (("phone", User.phone), ("email", User.verified_email_key), ("username", User.username_key))
}
REHASH = (
    update(User)
    .where(User.id == bindparam("user"), User.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"))
)


class Logins:
    """Turns a proof into a session. All failures of a password login are one failure, and take one time."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        claims: PhoneClaims,
        tickets: Tickets,
        sessions: Sessions,
        closings: Closings,
        devices: Devices,
        notices: Notices,
        events: Events,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._claims = claims
        self._tickets = tickets
        self._sessions = sessions
        self._closings = closings
        self._devices = devices
        self._notices = notices
        self._events = events
        self._clock = clock

    def by_password(self, kind: str, identifier: str, password: str, source: Source) -> SignedIn:
        """Log in the account whose ``kind`` (phone, email, username) is ``identifier``; a phone is E.164.

        Raises ``InvalidCredentials``, or ``ServiceUnavailable`` when too many hash at once.
        """
        row = self._find(kind, identifier if kind == "phone" else fold(identifier), source)
        fits = self._passwords.verify(row and row.password_hash, password)
        if row is None or not fits or not self._may_enter(row):
            self._refuse(row, source, row.status if row and fits else "password")
        if self._passwords.is_outdated(row.password_hash):
            self._rehash(row, password)
        return self._open(row, source)

    def by_code(self, phone: str, source: Source) -> SignedIn:
        """Log in the account of a phone whose possession is proven; raises ``PhoneNotRegistered`` with a ticket."""
        row = self._claims.holder_for(phone, source) and self._find("phone", phone, source)
        if row is None:
            raise PhoneNotRegistered(ticket=self._tickets.issue(phone))
        if not self._may_enter(row):
            self._refuse(row, source, row.status)
        return self._open(row, source)

    def _may_enter(self, row: Any) -> bool:
        return bool(row.status == "active" or (row.status == "closing" and row.erase_after > self._clock()))

    def _refuse(self, row: Any, source: Source, detail: str) -> NoReturn:
        """Nothing is written of an account whose time is over: its rows are about to be blanked."""
        known = row is not None and (row.status == "disabled" or self._may_enter(row))
        self._events.refused("login_failed", row.id if known else None, source, detail)
        raise InvalidCredentials

    def _find(self, kind: str, identifier: str, source: Source) -> Any:
        with self._database.connection() as connection:
            values = {"identifier": identifier, "device": source.device}
            return connection.execute(FIND_BY[kind], values).one_or_none()

    def _rehash(self, row: Any, password: str) -> None:
        """Replace a hash that was made with other costs, unless the password was changed meanwhile; or another time."""
        with suppress(ServiceUnavailable, SQLAlchemyError):
            values = {"user": row.id, "old_hash": row.password_hash, "new_hash": self._passwords.hash(password)}
            with self._database.connection() as connection:
                connection.execute(REHASH, values)

    def _open(self, row: Any, source: Source) -> SignedIn:
        if row.status == "active" and row.is_device_known:
            pair, surplus = self._open_as_ever(row, source, new_id())
        else:
            pair, surplus = self._open_with_news(row, source, new_id()), self._surplus(row.id)
        self._sessions.end_surplus(row.id, surplus, source)
        return SignedIn.of(replace(profile_of(row), status="active"), pair)

    def _open_as_ever(self, row: Any, source: Source, session_id: str) -> tuple[TokenPair, Sequence[str]]:
        """The session, and what is surplus now, in three statements of one connection; only the first must be carried out."""
        pair: TokenPair | None = None
        surplus: Sequence[str] = ()
        try:
            with self._database.connection() as connection:
                pair = self._sessions.open(connection, row.id, row.credential_version, source, session_id)
                self._events.note_through(connection, "logged_in", row.id, source, session_id)
                surplus = self._sessions.surplus(connection, row.id)
        except SQLAlchemyError:
            if pair is None:
                raise
        return pair, surplus

    def _surplus(self, user_id: str) -> Sequence[str]:
        with suppress(SQLAlchemyError), self._database.connection() as connection:
            return self._sessions.surplus(connection, user_id)
        return ()

    def _open_with_news(self, row: Any, source: Source, session_id: str) -> TokenPair:
        """The session, and what its owner is told: an account that opens again, a device never seen. All of it or nothing."""
        with self._database.transaction() as connection:
            if row.status == "closing":
                self._closings.reopen(connection, row.id, source)
            if not row.is_device_known:
                self._devices.meet(connection, row, source)
            pair = self._sessions.open(connection, row.id, row.credential_version, source, session_id)
            self._events.record(connection, "logged_in", row.id, source, session_id)
        if row.status == "closing":
            self._closings.changed(row.id)
        else:
            self._notices.send_soon()
        return pair
