"""Sessions: opened by a login, carried on by refreshes, checked at every call, ended for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, exists, insert, literal, select, update

from models import Session, User
from models.database import Database
from services.clock import Clock
from services.errors import (
    InvalidCredentials,
    NotFound,
    RefreshExpired,
    RefreshInvalid,
    RefreshReused,
    SessionRevoked,
)
from services.ids import new_id
from services.profiles import PROFILE_COLUMNS, Profile, profile_of
from services.session_cache import SessionCache, SessionState
from services.tokens import Claims, RefreshClaims, Tokens

ENDED = 0


@dataclass(frozen=True)
class Device:
    """Where a login comes from."""

    name: str
    ip: str


@dataclass(frozen=True)
class TokenPair:
    """The tokens of one generation; times in seconds."""

    token_type: str
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True)
class SignedIn(TokenPair):
    """The session body of the API: the tokens, and whose they are."""

    user: Profile

    @classmethod
    def of(cls, profile: Profile, pair: TokenPair) -> "SignedIn":
        """Both together."""
        return cls(**vars(pair), user=profile)


@dataclass(frozen=True)
class Caller:
    """Who is asking: an account, and the session it asks with."""

    session_id: str
    profile: Profile


@dataclass(frozen=True)
class SessionView:
    """A living session, as its owner sees it."""

    id: str
    device: str
    ip: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class Sessions:
    """The database is the truth, the cache is a minute's memory of it; lifetimes are timedeltas."""

    def __init__(
        self,
        database: Database,
        cache: SessionCache,
        tokens: Tokens,
        clock: Clock,
        *,
        refresh_lifetime: timedelta,
        session_lifetime: timedelta,
        grace: timedelta,
    ) -> None:
        self._database = database
        self._cache = cache
        self._tokens = tokens
        self._clock = clock
        self._refresh_lifetime = refresh_lifetime
        self._session_lifetime = session_lifetime
        self._grace = grace

    def open(self, connection: Connection, user_id: str, credential_version: int, device: Device) -> TokenPair:
        """Insert a session in the transaction of ``connection``.

        Raises ``InvalidCredentials`` when the account changed its credentials, or was disabled, since they were checked.
        """
        now = self._clock()
        ends_at = now + self._session_lifetime
        session_id = new_id()
        values = {
            "id": session_id,
            "user_id": user_id,
            "counter": 1,
            "device": device.name,
            "ip": device.ip,
            "created_at": now,
            "refreshed_at": now,
            "expires_at": self._expiry(now, ends_at),
            "ends_at": ends_at,
        }
        types = Session.__table__.c
        row = select(*(literal(value, types[name].type) for name, value in values.items()))
        row = row.where(_in_good_standing(user_id, credential_version))
        statement = insert(Session).from_select(list(values), row).execution_options(preserve_rowcount=True)
        inserted = connection.execute(statement)
        if inserted.rowcount != 1:
            raise InvalidCredentials
        return self._pair(RefreshClaims(Claims(user_id, session_id, credential_version), 1, ends_at))

    def check(self, claims: Claims) -> Caller:
        """The caller behind an access token's claims; raises ``SessionRevoked``."""
        state = self._cache.get(claims.user_id, claims.session_id)
        now = self._clock().timestamp()
        if state is None or ENDED < state.expires_at <= now:
            state = self._load(claims)
        if state is None or state.expires_at <= now:
            raise SessionRevoked
        if state.credential_version != claims.credential_version or state.profile.status == "disabled":
            raise SessionRevoked
        return Caller(claims.session_id, state.profile)

    def refresh(self, token: str) -> TokenPair:
        """The next generation of tokens, by one guarded UPDATE.

        The previous token repeated within the grace gets the same new generation; an older one ends the session. Raises
        ``RefreshInvalid``, ``RefreshExpired`` or ``RefreshReused``.
        """
        old = self._tokens.read_refresh(token)
        new = RefreshClaims(old.claims, old.counter + 1, old.ends_at)
        if self._rotate(old) or self._repeated_in_time(old):
            return self._pair(new)
        self._end(Session.id == old.claims.session_id)
        self._cache.forget(old.claims.user_id)
        raise RefreshReused

    def list(self, caller: Caller) -> list[SessionView]:
        """The caller's living sessions, the newest first."""
        query = select(Session).where(*_living(caller.profile.id, self._clock())).order_by(Session.created_at.desc())
        with self._database.reading() as connection:
            return [_view(row, caller.session_id) for row in connection.execute(query)]

    def end(self, caller: Caller, session_id: str) -> None:
        """End one of the caller's sessions; raises ``NotFound``."""
        ended = self._end(Session.id == session_id, *_living(caller.profile.id, self._clock()))
        self._cache.forget(caller.profile.id)
        if not ended and session_id != caller.session_id:
            raise NotFound

    def end_all(self, caller: Caller, keep_current: bool = False) -> None:
        """End all of the caller's sessions, or all others."""
        spared = (Session.id != caller.session_id,) if keep_current else ()
        self._end(*_living(caller.profile.id, self._clock()), *spared)
        self._cache.forget(caller.profile.id)

    def _expiry(self, now: datetime, ends_at: datetime) -> datetime:
        return min(now + self._refresh_lifetime, ends_at)

    def _pair(self, refresh: RefreshClaims) -> TokenPair:
        now = self._clock()
        return TokenPair(
            token_type="Bearer",
            access_token=self._tokens.sign_access(refresh.claims),
            expires_in=self._tokens.access_lifetime,
            refresh_token=self._tokens.sign_refresh(refresh),
            refresh_expires_in=int((self._expiry(now, refresh.ends_at) - now).total_seconds()),
        )

    def _load(self, claims: Claims) -> SessionState | None:
        lease = self._cache.lease(claims.user_id)
        query = (
            select(*PROFILE_COLUMNS, User.credential_version, Session.expires_at, Session.ended_at)
            .join(Session, Session.user_id == User.id)
            .where(Session.id == claims.session_id, User.id == claims.user_id)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        expires_at = ENDED if row.ended_at else int(row.expires_at.timestamp())
        state = SessionState(profile_of(row), row.credential_version, expires_at)
        self._cache.fill(lease, claims.session_id, state)
        return state

    def _rotate(self, old: RefreshClaims) -> bool:
        """Move the counter on by one; only one request can, for each generation."""
        now = self._clock()
        statement = (
            update(Session)
            .where(
                Session.id == old.claims.session_id,
                Session.counter == old.counter,
                Session.ended_at.is_(None),
                Session.expires_at > now,
                _in_good_standing(old.claims.user_id, old.claims.credential_version),
            )
            .values(counter=old.counter + 1, refreshed_at=now, expires_at=self._expiry(now, old.ends_at))
        )
        return self._execute(statement).rowcount == 1

    def _repeated_in_time(self, old: RefreshClaims) -> bool:
        """Why the rotation did not happen: True for a repeat within the grace, False for a reuse; else it raises."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(select(Session).where(Session.id == old.claims.session_id)).one_or_none()
        if row is None or row.ended_at is not None or row.counter <= old.counter:
            raise RefreshExpired if row and not row.ended_at and row.expires_at <= now else RefreshInvalid
        if row.expires_at <= now:
            raise RefreshExpired
        return bool(row.counter == old.counter + 1 and now - row.refreshed_at <= self._grace)

    def _end(self, *conditions: Any) -> bool:
        ended = self._execute(
            update(Session).where(Session.ended_at.is_(None), *conditions).values(ended_at=self._clock())
        )
        return ended.rowcount > 0

    def _execute(self, statement: Any) -> "CursorResult[Any]":
        with self._database.writing() as connection:
            return connection.execute(statement)


def _in_good_standing(user_id: str, credential_version: int) -> Any:
    return exists().where(User.id == user_id, User.credential_version == credential_version, User.status != "disabled")


def _living(user_id: str, now: datetime) -> tuple[Any, ...]:
    return Session.user_id == user_id, Session.ended_at.is_(None), Session.expires_at > now


def _view(row: "Row[Any]", current_id: str) -> SessionView:
    return SessionView(
        row.id, row.device, row.ip, row.created_at, row.refreshed_at, row.expires_at, row.id == current_id
    )
