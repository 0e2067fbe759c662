"""Another phone for an account: proof of the old side, then a code that the new number got."""

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from models import User
from models.database import Database
from services.challenges import Challenges
from services.dormancy import Dormancy, Holder
from services.emails import verified_email
from services.errors import PhoneRegistered, ReauthenticationRequired
from services.phone_changes import PhoneChanges
from services.profiles import PROFILE_COLUMNS, Profile, profile_of
from services.proofs import FreshProof, Proofs, Proven
from services.session_cache import SessionCache
from services.sessions import Caller
from services.sources import Source

PURPOSE = "change_phone"
SHOWN = select(*PROFILE_COLUMNS).where(User.id == bindparam("user"))
SET = (
    update(User)
    .where(User.id == bindparam("user"), User.credential_version == bindparam("version"))
    .values(phone=bindparam("number"))
)


class NewPhones:
    """Changes phones; who wins a race for one is decided by the database's unique key."""

    def __init__(
        self,
        database: Database,
        proofs: Proofs,
        challenges: Challenges,
        dormancy: Dormancy,
        changes: PhoneChanges,
        cache: SessionCache,
    ) -> None:
        self._database = database
        self._proofs = proofs
        self._challenges = challenges
        self._dormancy = dormancy
        self._changes = changes
        self._cache = cache

    def change(self, caller: Caller, proof: FreshProof, sms_id: str, code: str, source: Source) -> Profile:
        """Give the caller's account the phone that ``sms_id`` and ``code`` prove.

        The proof of the old side comes first, so that a wrong password burns no code of the new one. Raises as
        ``Proofs.proven`` and ``Challenges.redeem``, and ``PhoneRegistered``, also for the account's own number.
        """
        user_id = caller.profile.id
        with (
            self._proofs.proven(caller, proof, source) as proven,
            self._challenges.redeem(sms_id, code, (PURPOSE,), user_id) as new,
        ):
            former = self._dormancy.free(new.phone)
            profile = self._move(user_id, proven, new.phone, former, source)
        self._cache.forget(user_id)
        self._dormancy.detached(former)
        self._changes.told()
        return profile

    def _move(self, user_id: str, proven: Proven, phone: str, former: Holder | None, source: Source) -> Profile:
        try:
            with self._database.transaction() as connection:
                self._dormancy.detach(connection, former, source)
                self._set(connection, user_id, proven, phone)
                row = connection.execute(SHOWN, {"user": user_id}).one()
                email = verified_email(row)
                self._changes.note(connection, user_id, proven.phone, phone, email, source)
        except IntegrityError as error:
            raise PhoneRegistered from error
        return profile_of(row)

    def _set(self, connection: Connection, user_id: str, proven: Proven, phone: str) -> None:
        """Raises ``ReauthenticationRequired`` when the account is no longer the one that was proven."""
        old = User.phone.is_(None) if proven.phone is None else User.phone == bindparam("old")
        values = {"user": user_id, "version": proven.credential_version, "number": phone}
        if connection.execute(SET.where(old), values | ({"old": proven.phone} if proven.phone else {})).rowcount != 1:
            raise ReauthenticationRequired
