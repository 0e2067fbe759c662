"""Sessions: opened by a login, carried on by refreshes, checked at every call, ended for good."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.bulkhead import Bulkhead
from services.clock import Clock
from services.doubts import Doubts
from services.errors import (
    InvalidCredentials,
    NotFound,
    RefreshExpired,
    RefreshInvalid,
    RefreshReused,
    SessionRevoked,
)
from services.events import Events
from services.ids import is_id, new_id
from services.profiles import Profile, profile_of
from services.session_cache import SessionCache, SessionState
from services.session_store import SessionStore
from services.sources import Source
from services.tokens import Claims, RefreshClaims, Tokens

ENDED = 0


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
        store: SessionStore,
        cache: SessionCache,
        doubts: Doubts,
        tokens: Tokens,
        events: Events,
        clock: Clock,
        *,
        refresh_lifetime: timedelta,
        session_lifetime: timedelta,
        grace: timedelta,
        most: int,
        uncached: Bulkhead,
    ) -> None:
        self._store = store
        self._cache = cache
        self._doubts = doubts
        self._tokens = tokens
        self._events = events
        self._clock = clock
        self._refresh_lifetime = refresh_lifetime
        self._session_lifetime = session_lifetime
        self._grace = grace
        self._most = most
        self._uncached = uncached

    def open(
        self,
        connection: Connection,
        user_id: str,
        credential_version: int,
        source: Source,
        session_id: str | None = None,
    ) -> TokenPair:
        """Insert a session through ``connection``, in its transaction where it has one; its id may be given, for an event.

        Raises ``InvalidCredentials`` when the account changed its credentials, or is active no longer, since they were checked.
        """
        now = self._clock()
        ends_at = now + self._session_lifetime
        claims = Claims(user_id, session_id or new_id(), credential_version)
        opened = self._store.open(
            connection,
            claims,
            device=source.device,
            ip=source.ip,
            created_at=now,
            refreshed_at=now,
            expires_at=self._expiry(now, ends_at),
            ends_at=ends_at,
        )
        if not opened:
            raise InvalidCredentials
        return self._pair(RefreshClaims(claims, 1, ends_at))

    def surplus(self, connection: Connection, user_id: str) -> Sequence[str]:
        """After the commit of a login: the sessions that the account has beyond its newest.

        Each of many logins at once looks when its own session is committed, so the last to look sees them all. A session that
        is one of the newest of all is surplus to none, so exactly those remain.
        """
        return self._store.surplus(connection, user_id, self._most, self._clock())

    def end_surplus(self, user_id: str, surplus: Sequence[str], source: Source) -> None:
        """End these. The login is done: a database that is away now must not spoil its reply. The next login looks again."""
        now, ended = self._clock(), []
        with suppress(SQLAlchemyError):
            for session_id in surplus:
                if self._store.end(session_id, now):
                    ended.append(session_id)
        if ended:
            self._cache.forget(user_id)
        for session_id in ended:
            self._events.note("session_ended", user_id, source, session_id, "too_many")

    def check(self, claims: Claims) -> Caller:
        """The caller behind an access token's claims; raises ``SessionRevoked``."""
        state = self._cache.get(claims.user_id, claims.session_id)
        now = self._clock().timestamp()
        if state is None or ENDED < state.expires_at <= now:
            state = self._load(claims)
        if state is None or state.expires_at <= now:
            raise SessionRevoked
        if state.credential_version != claims.credential_version or state.profile.status != "active":
            raise SessionRevoked
        return Caller(claims.session_id, state.profile)

    def refresh(self, token: str, source: Source) -> TokenPair:
        """The next generation of tokens, by one guarded UPDATE.

        The previous token repeated within the grace gets the same new generation; an older one ends the session. Raises
        ``RefreshInvalid``, ``RefreshExpired`` or ``RefreshReused``.
        """
        old = self._tokens.read_refresh(token)
        now = self._clock()
        if self._rotate(old, now) or self._is_repeated_in_time(old, now):
            return self._pair(RefreshClaims(old.claims, old.counter + 1, old.ends_at))
        ended = self._store.end(old.claims.session_id, now)
        self._cache.forget(old.claims.user_id)
        if ended:
            self._events.note("refresh_reused", old.claims.user_id, source, old.claims.session_id)
        raise RefreshReused

    def _rotate(self, old: RefreshClaims, now: datetime) -> bool:
        try:
            return self._store.rotate(old.claims, old.counter, now, self._expiry(now, old.ends_at))
        except DBAPIError as error:
            if error.connection_invalidated:
                self._doubts.note(old)
            raise

    def renew(self, connection: Connection, caller: Caller, credential_version: int) -> TokenPair:
        """Tokens of new credentials for the caller's session, in the transaction that changes them; the others end.

        Raises ``SessionRevoked`` when the session ended meanwhile.
        """
        now, user_id, session_id = self._clock(), caller.profile.id, caller.session_id
        row = self._store.find_in(connection, session_id)
        if row is None or not self._store.renew(connection, user_id, session_id, now, self._expiry(now, row.ends_at)):
            raise SessionRevoked
        self._store.end_all_in(connection, user_id, now, session_id)
        counter = self._store.find_in(connection, session_id).counter
        return self._pair(RefreshClaims(Claims(user_id, session_id, credential_version), counter, row.ends_at))

    def end_all_in(self, connection: Connection, user_id: str) -> None:
        """End every session of an account, in the transaction that changes its credentials."""
        self._store.end_all_in(connection, user_id, self._clock())

    def list(self, caller: Caller) -> list[SessionView]:
        """The caller's living sessions, the newest first."""
        return [_view(row, caller.session_id) for row in self._store.list(caller.profile.id, self._clock())]

    def end(self, caller: Caller, session_id: str, source: Source) -> None:
        """End one of the caller's sessions; raises ``NotFound``. Ending one's own twice at once is no mistake."""
        ended = is_id(session_id) and self._store.end_own(caller.profile.id, session_id, self._clock())
        self._cache.forget(caller.profile.id)
        if ended:
            kind = "logged_out" if session_id == caller.session_id else "session_ended"
            self._events.note(kind, caller.profile.id, source, session_id)
        elif session_id != caller.session_id:
            raise NotFound

    def end_all(self, caller: Caller, source: Source, keep_current: bool = False) -> None:
        """End all of the caller's sessions, or all others."""
        self._store.end_all(caller.profile.id, self._clock(), caller.session_id if keep_current else None)
        self._cache.forget(caller.profile.id)
        self._events.note(
            "sessions_ended", caller.profile.id, source, caller.session_id, "others" if keep_current else None
        )

    def purge(self, keep: timedelta) -> int:
        """Delete the rows of sessions that ended or expired longer ago than ``keep``; says how many."""
        return self._store.purge(self._clock() - keep)

    def _expiry(self, now: datetime, ends_at: datetime) -> datetime:
        return min(now + self._refresh_lifetime, ends_at)

    def _pair(self, refresh: RefreshClaims) -> TokenPair:
        now = self._clock()
        return TokenPair(
            token_type="Bearer",
            access_token=self._tokens.sign_access(refresh),
            expires_in=self._tokens.access_lifetime,
            refresh_token=self._tokens.sign_refresh(refresh),
            refresh_expires_in=int((self._expiry(now, refresh.ends_at) - now).total_seconds()),
        )

    def _load(self, claims: Claims) -> SessionState | None:
        """What the database says, kept for the next calls; while nothing can be kept, it is asked for only so many at once."""
        lease = self._cache.lease(claims.user_id)
        with nullcontext() if lease else self._uncached.place():
            row = self._store.load(claims)
        if row is None:
            return None
        expires_at = ENDED if row.ended_at else int(row.expires_at.timestamp())
        state = SessionState(profile_of(row), row.credential_version, expires_at)
        self._cache.fill(lease, claims.session_id, state)
        return state

    def _is_repeated_in_time(self, old: RefreshClaims, now: datetime) -> bool:
        """Why the rotation did not happen: True for a repeat within the grace, False for a reuse; else it raises."""
        row = self._store.find(old.claims.session_id)
        if row is None or row.ended_at is not None:
            raise RefreshInvalid
        if row.credential_version != old.claims.credential_version or row.status == "disabled":
            raise RefreshInvalid
        if row.expires_at <= now:
            raise RefreshExpired
        if row.counter <= old.counter:
            raise RefreshInvalid
        if row.counter != old.counter + 1:
            return False
        return bool(row.now - row.refreshed_at <= self._grace) or self._doubts.has(old)


def _view(row: Any, current_id: str) -> SessionView:
    return SessionView(
        row.id, row.device, row.ip, row.created_at, row.refreshed_at, row.expires_at, row.id == current_id
    )
