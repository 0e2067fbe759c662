"""The SQL of sessions: each act one statement, built once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, exists, insert, or_, select, update

from models import Session, User
from models.database import Database
from models.now import Now
from services.profiles import PROFILE_COLUMNS
from services.purges import purge
from services.tokens import Claims

_INSERTED = ("id", "user_id", "counter", "device", "ip", "created_at", "refreshed_at", "expires_at", "ends_at")
_STANDING = (
    User.id == bindparam("owner", type_=User.id.type),
    User.credential_version == bindparam("version", type_=User.credential_version.type),
    User.status == "active",
)
_GOOD_STANDING = exists().where(*_STANDING)
_LIVING = (
    Session.user_id == bindparam("owner"),
    Session.ended_at.is_(None),
    Session.expires_at > bindparam("now", type_=Session.expires_at.type),
)

# The lock on the account puts a login behind a change that is being made, which would not see the session to end it.
OPEN = (
    insert(Session)
    .from_select(
        _INSERTED,
        select(*(bindparam(name, type_=Session.__table__.c[name].type) for name in _INSERTED))
        .select_from(User)
        .where(*_STANDING)
        .with_for_update(read=True),
    )
    .execution_options(preserve_rowcount=True)
)
LOAD = (
    select(*PROFILE_COLUMNS, User.credential_version, Session.expires_at, Session.ended_at)
    .join(Session, Session.user_id == User.id)
    .where(Session.id == bindparam("session"), User.id == bindparam("owner"))
)
ROTATE = (
    update(Session)
    .where(
        Session.id == bindparam("session"),
        Session.counter == bindparam("generation"),
        Session.ended_at.is_(None),
        Session.expires_at > bindparam("now"),
        _GOOD_STANDING,
    )
    .values(counter=Session.counter + 1, refreshed_at=Now(), expires_at=bindparam("until"))
)
RENEW = (
    update(Session)
    .where(*_LIVING, Session.id == bindparam("session"))
    .values(counter=Session.counter + 1, refreshed_at=Now(), expires_at=bindparam("until"))
)
FIND = (
    select(
        Session.counter,
        Session.refreshed_at,
        Now().label("now"),
        Session.expires_at,
        Session.ends_at,
        Session.ended_at,
        User.credential_version,
        User.status,
    )
    .join(User, Session.user_id == User.id)
    .where(Session.id == bindparam("session"))
)
_NEWEST_FIRST = (Session.created_at.desc(), Session.id.desc())
LIST = select(Session.__table__).where(*_LIVING).order_by(*_NEWEST_FIRST)
SURPLUS = select(Session.id).where(*_LIVING).order_by(*_NEWEST_FIRST).offset(bindparam("most", type_=Integer()))
END = update(Session).where(Session.ended_at.is_(None)).values(ended_at=bindparam("now"))
END_ONE = END.where(Session.id == bindparam("session"))
END_OWN = update(Session).where(*_LIVING).values(ended_at=bindparam("now"))
END_OWN_ONE = END_OWN.where(Session.id == bindparam("session"))
END_OWN_OTHERS = END_OWN.where(Session.id != bindparam("session"))


class SessionStore:
    """Reads and writes the sessions of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, connection: Connection, claims: Claims, **columns: Any) -> bool:
        """Insert a session, if its account still has these credentials and is active; says whether it did."""
        values = {"id": claims.session_id, "user_id": claims.user_id, "counter": 1, **columns}
        return connection.execute(OPEN, values | _standing(claims)).rowcount == 1

    def load(self, claims: Claims) -> Any:
        """The session and its account's profile."""
        with self._database.connection() as connection:
            return connection.execute(LOAD, {"session": claims.session_id, "owner": claims.user_id}).one_or_none()

    def rotate(self, claims: Claims, generation: int, now: datetime, until: datetime) -> bool:
        """Move the counter on from ``generation``; of all that try at once, one does. The session then lives ``until``."""
        values = {"session": claims.session_id, "generation": generation, "now": now, "until": until}
        return self._execute(ROTATE, values | _standing(claims)) == 1

    def renew(self, connection: Connection, user_id: str, session_id: str, now: datetime, until: datetime) -> bool:
        """Move a living session on in the transaction of ``connection``, whatever its generation is; says whether it lives."""
        values = {"owner": user_id, "session": session_id, "now": now, "until": until}
        return connection.execute(RENEW, values).rowcount == 1

    def find(self, session_id: str) -> Any:
        """A session, living or not, with the version and status of its account."""
        with self._database.connection() as connection:
            return self.find_in(connection, session_id)

    def find_in(self, connection: Connection, session_id: str) -> Any:
        """The same, as the transaction of ``connection`` sees it."""
        return connection.execute(FIND, {"session": session_id}).one_or_none()

    def list(self, user_id: str, now: datetime) -> "list[Any]":
        """The living sessions of an account, the newest first."""
        with self._database.connection() as connection:
            return list(connection.execute(LIST, {"owner": user_id, "now": now}))

    def surplus(self, connection: Connection, user_id: str, most: int, now: datetime) -> Sequence[str]:
        """The ids of an account's living sessions but for the ``most`` newest."""
        return connection.scalars(SURPLUS, {"owner": user_id, "most": most, "now": now}).all()

    def end(self, session_id: str, now: datetime) -> bool:
        """End a session, whoever has it; says whether it was this call that did."""
        return self._execute(END_ONE, {"session": session_id, "now": now}) == 1

    def end_own(self, user_id: str, session_id: str, now: datetime) -> bool:
        """End one session of an account; says whether there was one."""
        return self._execute(END_OWN_ONE, {"owner": user_id, "session": session_id, "now": now}) == 1

    def end_all(self, user_id: str, now: datetime, spared: str | None) -> None:
        """End every session of an account, or every other one than ``spared``."""
        with self._database.connection() as connection:
            self.end_all_in(connection, user_id, now, spared)

    def end_all_in(self, connection: Connection, user_id: str, now: datetime, spared: str | None = None) -> None:
        """The same in the transaction of ``connection``."""
        statement = END_OWN_OTHERS if spared else END_OWN
        connection.execute(statement, {"owner": user_id, "now": now} | ({"session": spared} if spared else {}))

    def purge(self, before: datetime) -> int:
        """Delete the sessions that ended or expired before then; says how many."""
        return purge(self._database, Session, before, or_(Session.ended_at < before, Session.expires_at < before))

    def _execute(self, statement: Any, values: dict[str, Any]) -> int:
        """How many rows one statement changed."""
        with self._database.connection() as connection:
            return int(connection.execute(statement, values).rowcount)


def _standing(claims: Claims) -> dict[str, Any]:
    return {"owner": claims.user_id, "version": claims.credential_version}
