"""Sessions and profiles, kept in Redis for a minute so that an authenticated call costs no SQL, and mostly no round trip."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
from redis.exceptions import RedisError

from services.owed import Owed
from services.profiles import Profile
from services.scripts import RedisClient, load_script
from services.tracked_reads import TrackedReads, Untracked

LIFETIME = 60
# Grows with every change of what is kept, so that two releases at once don't read each other's entries.
SHAPE = 1
OF_ACCOUNT = ("profile", "version")


@dataclass(frozen=True)
class SessionState:
    """A session and its account, as the database or the cache has it. A session that has ended has ``expires_at`` 0."""

    profile: Profile
    credential_version: int
    expires_at: int


class SessionCache:
    """One hash per account: its profile, and a field per session.

    A reader that misses takes a lease, reads the database, and may fill the entry only while its lease stands. Whoever
    changes an account commits, then deletes the entry and every lease with it, so a slow reader cannot bring the old state
    back. A deletion works on a Redis that is out of memory too. A replica that becomes primary may have missed a deletion,
    so entries are of one reign: nobody reads those of the primary before.
    """

    def __init__(self, redis: RedisClient, owed: Owed, tracked: TrackedReads | None = None) -> None:
        self._redis = redis
        self._owed = owed
        self.tracked = tracked
        self._take_lease = load_script(redis, "take_lease")
        self._fill_entry = load_script(redis, "fill_entry")

    def get(self, user_id: str, session_id: str) -> SessionState | None:
        """What is cached, or None; one round trip, or none where this process kept it and Redis told of no change.

        What Redis could not be told to forget is not asked for.
        """
        name = _name(user_id)
        if name in self._owed:
            return None
        if self.tracked is None:
            return self._ask(name, session_id)
        state: SessionState | None = self.tracked.recall(name, session_id)
        if state is not None:
            return state
        try:
            state = self.tracked.read(name, session_id, (*OF_ACCOUNT, session_id), _state_in)
        except Untracked:
            return self._ask(name, session_id)
        return state

    def lease(self, user_id: str) -> bytes | None:
        """The right to fill the account's entry, to be taken before the database is read; None when Redis is away."""
        try:
            lease: bytes = self._take_lease(keys=[self._key(_name(user_id))], args=[secrets.token_hex(8), LIFETIME])
        except RedisError:
            return None
        return lease

    def fill(self, lease: bytes | None, session_id: str, state: SessionState) -> None:
        """Keep what the database said, if the lease still stands."""
        if lease is None:
            return
        profile = asdict(state.profile) | {"created_at": state.profile.created_at.timestamp()}
        fields = ("profile", orjson.dumps(profile), "version", state.credential_version, session_id, state.expires_at)
        try:
            self._fill_entry(keys=[self._key(_name(state.profile.id))], args=[lease, *fields])
        except RedisError:
            return

    def forget(self, user_id: str) -> None:
        """Drop all that is known of an account; called after every commit that changes it.

        Where Redis is away, or takes no writes, it is told later, for as long as an entry can live.
        """
        name = _name(user_id)
        self._owed.settle(name, LIFETIME, lambda: self._drop(name), insist=True)

    @contextmanager
    def changing(self, user_id: str) -> Iterator[None]:
        """Forget an account after the transaction in the block, also where nobody heard whether it was committed."""
        try:
            yield
        finally:
            self.forget(user_id)

    def _drop(self, name: str) -> None:
        """Delete the entry, and that of the next reign if it begins meanwhile.

        Redis answers a second time only when it has sent word of the deletion to all who keep the entry.
        """
        dropped = None
        while dropped != (key := self._key(name)):
            self._redis.delete(key)
            if self.tracked:
                self._redis.ping()
            dropped = key

    def _ask(self, name: str, session_id: str) -> SessionState | None:
        try:
            key = self._key(name)
            values = self._redis.hmget(key, *OF_ACCOUNT, session_id)
            reigns_on = key == self._key(name)
        except RedisError:
            return None
        return _state_in(values) if reigns_on else None

    def _key(self, name: str) -> str:
        """Where the entry ``name`` is, as long as its Redis is primary."""
        return f"{name}:{self._redis.reign(name)}"


def _state_in(values: Sequence[bytes | None]) -> SessionState | None:
    """The state in the fields of an entry, or None where one of them is not there, or is nothing of ours."""
    profile, version, expires_at = values
    if profile is None or version is None or expires_at is None:
        return None
    try:
        fields = orjson.loads(profile)
        fields["created_at"] = datetime.fromtimestamp(fields["created_at"], UTC)
        return SessionState(Profile(**fields), int(version), int(expires_at))
    except (ValueError, TypeError, KeyError):
        return None


def _name(user_id: str) -> str:
    return f"account:{SHAPE}:{{{user_id}}}"
