"""Fresh proof: what a sensitive change asks of whoever has a token already (ASVS 5.0, 7.5.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, select

from models import PhoneChange, User
from models.database import Database
from services.challenges import Challenges
from services.clock import Clock
from services.errors import ReauthenticationRequired
from services.events import Events
from services.passwords import Passwords
from services.sessions import Caller
from services.sources import Source

CODE_PURPOSE = "confirm"
ACCOUNT = select(User.phone, User.password_hash, User.credential_version).where(User.id == bindparam("user"))
RECENTLY_CHANGED = select(
    exists().where(
        PhoneChange.user_id == bindparam("user"),
        PhoneChange.undo_until > bindparam("now", type_=PhoneChange.undo_until.type),
        PhoneChange.undone_at.is_(None),
    )
)


@dataclass(frozen=True)
class FreshProof:
    """The current password, or a code that went to the account's own phone; both None when none was given."""

    password: str | None = None
    sms_id: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Proven:
    """The account as it was when the proof was good: changes are guarded by its version."""

    phone: str | None
    credential_version: int


class Proofs:
    """Checks fresh proof."""

    def __init__(
        self, database: Database, passwords: Passwords, challenges: Challenges, events: Events, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._challenges = challenges
        self._events = events
        self._clock = clock

    @contextmanager
    def proven(self, caller: Caller, proof: FreshProof, source: Source) -> Iterator[Proven]:
        """Do what happens inside the block with fresh proof; a refusal in there leaves a code as good as it was.

        Raises ``ReauthenticationRequired`` without proof, for a wrong password, and for a code while the phone it went to
        is so new that its change can still be undone; else as ``Challenges.redeem``.
        """
        user_id = caller.profile.id
        with self._database.connection() as connection:
            row = connection.execute(ACCOUNT, {"user": user_id}).one()
        if proof.sms_id is not None and proof.code is not None:
            if self.is_phone_new(user_id):
                self._refuse(user_id, source, "phone_too_new")
            with self._challenges.redeem(
                proof.sms_id, proof.code, (CODE_PURPOSE,), user_id, keep_on_refusal=True
            ) as redeemed:
                if redeemed.phone != row.phone:
                    self._refuse(user_id, source, "phone_changed")
                yield Proven(row.phone, row.credential_version)
            return
        self._check_password(row, user_id, proof.password, source)
        yield Proven(row.phone, row.credential_version)

    def is_phone_new(self, user_id: str) -> bool:
        """Whether the account's phone was changed so lately that the change can still be undone."""
        with self._database.connection() as connection:
            return bool(connection.scalar(RECENTLY_CHANGED, {"user": user_id, "now": self._clock()}))

    def _check_password(self, row: Any, user_id: str, password: str | None, source: Source) -> None:
        if password is None:
            raise ReauthenticationRequired
        if not self._passwords.verify(row.password_hash, password):
            self._refuse(user_id, source, "password")

    def _refuse(self, user_id: str, source: Source, detail: str) -> None:
        self._events.refused("proof_refused", user_id, source, detail)
        raise ReauthenticationRequired
