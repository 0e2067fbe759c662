"""Recycled numbers: which accounts were not used for so long that their phone may belong to somebody else by now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update

from models import Session, User
from models.database import Database
from services.clock import Clock
from services.emails import verified_email
from services.erasure import Erasure
from services.errors import PhoneRegistered
from services.events import Events
from services.notices import Notices
from services.phones import mask_phone
from services.session_cache import SessionCache
from services.sources import Source

_SINCE = bindparam("awake_since", type_=User.created_at.type)
DORMANT = and_(
    User.created_at < _SINCE,
    or_(User.seen_at.is_(None), User.seen_at < _SINCE),
    ~exists().where(Session.user_id == User.id, Session.refreshed_at >= _SINCE).correlate(User),
)
# They need ``Dormancy.since``.
HOLDER_COLUMNS = (
    User.id,
    User.credential_version,
    User.status,
    User.erase_after,
    User.email,
    User.verified_email_key,
    DORMANT.label("is_dormant"),
)
HOLDER = select(*HOLDER_COLUMNS).where(User.phone == bindparam("phone"))
DETACH = (
    update(User).where(User.id == bindparam("holder"), User.phone == bindparam("number"), DORMANT).values(phone=None)
)


@dataclass(frozen=True)
class Holder:
    """The account that has a phone (E.164); ``email`` is its verified address."""

    id: str
    phone: str
    credential_version: int
    status: str
    email: str | None
    is_dormant: bool


class Dormancy:
    """An account is dormant when it is older than ``after``, and nobody used a session of it or proved it for as long."""

    def __init__(
        self,
        database: Database,
        erasure: Erasure,
        cache: SessionCache,
        events: Events,
        notices: Notices,
        clock: Clock,
        *,
        after: timedelta,
    ) -> None:
        self._database = database
        self._erasure = erasure
        self._cache = cache
        self._events = events
        self._notices = notices
        self._clock = clock
        self._after = after

    def holder_of(self, phone: str) -> Holder | None:
        """The account that has ``phone`` (E.164), dormant or not."""
        with self._database.connection() as connection:
            row = connection.execute(HOLDER, {"phone": phone, **self.since()}).one_or_none()
        return self.holder_in(row, phone)

    def holder_in(self, row: Any, phone: str) -> Holder | None:
        """The same from a row that has ``HOLDER_COLUMNS``, if there is one."""
        if row is None:
            return None
        if row.status == "closing" and row.erase_after <= self._clock():
            # Its time has come and the job has not: nobody is shown it any more.
            return None if self._erasure.erase(row.id) else self.holder_of(phone)
        email = verified_email(row)
        return Holder(row.id, phone, row.credential_version, row.status, email, bool(row.is_dormant))

    def free(self, phone: str) -> Holder | None:
        """The dormant account that has to let go of ``phone`` before another gets it, None where nobody has it.

        Raises ``PhoneRegistered`` where the account that has it is in use.
        """
        return self.let_go(self.holder_of(phone))

    def let_go(self, holder: Holder | None) -> Holder | None:
        """The same of the account that has it."""
        if holder and not holder.is_dormant:
            raise PhoneRegistered
        return holder

    def detach(self, connection: Connection, holder: Holder | None, source: Source) -> None:
        """Take the phone from a dormant account, if there is one, in the transaction that gives it to another.

        Raises ``PhoneRegistered`` when its owner came back. What the owner reads does not say where the new holder is.
        """
        if holder is None:
            return
        values = {"holder": holder.id, "number": holder.phone, **self.since()}
        if connection.execute(DETACH, values).rowcount != 1:
            raise PhoneRegistered
        self._events.record(connection, "phone_detached", holder.id, without_place(source))
        if holder.email:
            shown = mask_phone(holder.phone)
            self._notices.mail(connection, "phone_detached", holder.id, source, holder.email, phone=shown)

    def detached(self, holder: Holder | None) -> None:
        """What follows the commit of a transaction that called ``detach``."""
        if holder:
            self._cache.forget(holder.id)
            self._notices.send_soon()

    def since(self) -> dict[str, datetime]:
        """What ``HOLDER_COLUMNS`` are to be given: whoever was seen since then is awake."""
        return {"awake_since": self._clock() - self._after}


def without_place(source: Source) -> Source:
    """The source of an event that another person than the account's owner caused."""
    return replace(source, device="", ip="")
