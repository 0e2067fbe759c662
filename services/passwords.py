"""Hashing passwords: Argon2id, at most as many at once as there are cores."""

import secrets
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from structlog.typing import FilteringBoundLogger

from services.errors import ServiceUnavailable
from services.room import Room

# In place of a hash: no password fits until a new one is set.
BLOCKED = ""


@dataclass(frozen=True)
class HashingRules:
    """Argon2id's costs (OWASP: 19 MiB, 2, 1), and how much of the server hashing may take.

    ``places`` hash at once and ``queue`` more wait, at most ``patience`` seconds each; the rest are told to come again.
    """

    memory_kib: int
    iterations: int
    lanes: int
    places: int
    queue: int
    patience: float


class Passwords:
    """Hashes and verifies; raises ``ServiceUnavailable`` rather than let a crowd starve the other requests."""

    def __init__(self, rules: HashingRules, log: FilteringBoundLogger) -> None:
        self._hasher = PasswordHasher(
            time_cost=rules.iterations, memory_cost=rules.memory_kib, parallelism=rules.lanes, type=Type.ID
        )
        self._patience = rules.patience
        self._places = Room(rules.places)
        self._entrance = Room(rules.places + rules.queue)
        self._log = log
        self._hash_of_nobody = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The PHC string of a password, in NFC as NIST SP 800-63B-4, 3.1.1.2 asks."""
        with self._place():
            return self._hasher.hash(_normalised(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; where there is no account, or its password is ``BLOCKED``, as slow and always false."""
        with self._place():
            try:
                return self._hasher.verify(password_hash or self._hash_of_nobody, _normalised(password))
            except (VerificationError, InvalidHashError):
                return False

    @property
    def hashing(self) -> int:
        """How many passwords are being hashed at this moment."""
        return self._places.taken

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return max(0, self._entrance.taken - self._places.taken)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @contextmanager
    def _place(self) -> Iterator[None]:
        came = time.perf_counter()
        if not self._entrance.acquire(blocking=False):
            self._refuse()
        try:
            if not self._places.acquire(timeout=self._patience):
                self._refuse()
            began = time.perf_counter()
            try:
                yield
            finally:
                self._places.release()
                self._log.debug("password_hashed", waited=began - came, seconds=time.perf_counter() - began)
        finally:
            self._entrance.release()

    def _refuse(self) -> NoReturn:
        self._log.debug("hash_refused")
        raise ServiceUnavailable(retry_after=1)


def _normalised(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode()
