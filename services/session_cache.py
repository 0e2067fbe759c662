"""Sessions and profiles, kept in Redis for a minute so that an authenticated call costs one round trip and no SQL."""

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
from redis.exceptions import RedisError

from services.owed import Owed
from services.profiles import Profile
from services.scripts import RedisClient, load_script

LIFETIME = 60
# Grows with every change of what is kept, so that two releases at once don't read each other's entries.
SHAPE = 1


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

    def __init__(self, redis: RedisClient, owed: Owed) -> None:
        self._redis = redis
        self._owed = owed
        self._take_lease = load_script(redis, "take_lease")
        self._fill_entry = load_script(redis, "fill_entry")

    def get(self, user_id: str, session_id: str) -> SessionState | None:
        """What is cached, or None; one round trip. What Redis could not be told to forget is not asked for."""
        if _name(user_id) in self._owed:
            return None
        try:
            key = self._key(user_id)
            profile, version, expires_at = self._redis.hmget(key, "profile", "version", session_id)
            reigns_on = key == self._key(user_id)
        except RedisError:
            return None
        if not reigns_on or profile is None or version is None or expires_at is None:
            return None
        fields = orjson.loads(profile)
        fields["created_at"] = datetime.fromtimestamp(fields["created_at"], UTC)
        return SessionState(Profile(**fields), int(version), int(expires_at))

    def lease(self, user_id: str) -> bytes | None:
        """The right to fill the account's entry, to be taken before the database is read; None when Redis is away."""
        try:
            lease: bytes = self._take_lease(keys=[self._key(user_id)], args=[secrets.token_hex(8), LIFETIME])
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
            self._fill_entry(keys=[self._key(state.profile.id)], args=[lease, *fields])
        except RedisError:
            return

    def forget(self, user_id: str) -> None:
        """Drop all that is known of an account; called after every commit that changes it.

        Where Redis is away, or takes no writes, it is told later, for as long as an entry can live.
        """
        self._owed.settle(_name(user_id), LIFETIME, lambda: self._drop(user_id))

    def _drop(self, user_id: str) -> None:
        """Delete the entry, and that of the next reign if it begins meanwhile."""
        dropped = None
        while dropped != (key := self._key(user_id)):
            self._redis.delete(key)
            dropped = key

    def _key(self, user_id: str) -> str:
        """Where the account's entry is, as long as its Redis is primary."""
        name = _name(user_id)
        return f"{name}:{self._redis.reign(name)}"


def _name(user_id: str) -> str:
    return f"account:{SHAPE}:{{{user_id}}}"
