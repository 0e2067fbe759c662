"""Closing an account, and opening it again: between the two it is kept for some days (PIPL, article 47)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from models import User
from models.database import Database
from services.clock import Clock
from services.emails import verified_email
from services.errors import SessionRevoked
from services.events import Events
from services.notices import Notices
from services.proofs import FreshProof, Proofs
from services.session_cache import SessionCache
from services.session_store import END_OWN
from services.sessions import Caller
from services.sources import Source

CLOSE = (
    update(User)
    .where(User.id == bindparam("user"), User.credential_version == bindparam("version"), User.status == "active")
    .values(status="closing", erase_after=bindparam("until"), credential_version=User.credential_version + 1)
)
REOPEN = (
    update(User)
    .where(
        User.id == bindparam("user"),
        User.status == "closing",
        User.erase_after > bindparam("now", type_=User.erase_after.type),
    )
    .values(status="active", erase_after=None)
)
REACH = select(User.phone, User.email, User.verified_email_key).where(User.id == bindparam("user"))


@dataclass(frozen=True)
class Closing:
    """What the one who closes is told; ``erased_after`` is until when logging in takes it back."""

    status: str
    erased_after: datetime


class Closings:
    """Name, phone and address stay taken while an account is closing, so that it can be opened again as it was."""

    def __init__(
        self,
        database: Database,
        proofs: Proofs,
        cache: SessionCache,
        events: Events,
        notices: Notices,
        clock: Clock,
        *,
        keep: timedelta,
    ) -> None:
        self._database = database
        self._proofs = proofs
        self._cache = cache
        self._events = events
        self._notices = notices
        self._clock = clock
        self._keep = keep

    def close(self, caller: Caller, proof: FreshProof, source: Source) -> Closing:
        """Begin to close the caller's account; every session ends.

        Raises as ``Proofs.proven``, and ``SessionRevoked`` when the account changed meanwhile.
        """
        user_id, until = caller.profile.id, self._clock() + self._keep
        with (
            self._proofs.proven(caller, proof, source) as proven,
            self._cache.changing(user_id),
            self._database.transaction() as connection,
        ):
            values = {"user": user_id, "version": proven.credential_version, "until": until}
            if connection.execute(CLOSE, values).rowcount != 1:
                raise SessionRevoked
            connection.execute(END_OWN, {"owner": user_id, "now": self._clock()})
            self._events.record(connection, "closing", user_id, source, caller.session_id)
            self._tell(connection, "closing", user_id, source, erased_after=f"{until:%Y-%m-%d %H:%M}")
        self._notices.send_soon()
        return Closing("closing", until)

    def reopen(self, connection: Connection, user_id: str, source: Source) -> None:
        """Take it back, in the transaction of a login; nothing happens where it is open, or its time is over."""
        if connection.execute(REOPEN, {"user": user_id, "now": self._clock()}).rowcount == 1:
            self._events.record(connection, "reopened", user_id, source)
            self._tell(connection, "reopened", user_id, source)

    def changed(self, user_id: str) -> None:
        """What follows the commit of a login that called ``reopen``."""
        self._cache.forget(user_id)
        self._notices.send_soon()

    def _tell(self, connection: Connection, kind: str, user_id: str, source: Source, **values: str) -> None:
        row = connection.execute(REACH, {"user": user_id}).one()
        email = verified_email(row)
        self._notices.tell(connection, kind, user_id, source, phone=row.phone, email=email, **values)
