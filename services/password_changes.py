"""New passwords: by a ticket for who forgot the old one, by fresh proof for who is logged in."""

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from models import User
from models.database import Database
from services.emails import verified_email
from services.errors import ReauthenticationRequired, TicketExpired
from services.events import Events
from services.notices import Notices
from services.password_rules import refuse_guessable
from services.passwords import Passwords
from services.profiles import PROFILE_COLUMNS, profile_of
from services.proofs import FreshProof, Proofs
from services.session_cache import SessionCache
from services.sessions import Caller, Sessions, SignedIn
from services.sources import Source
from services.tickets import ResetGrant, Tickets

ACCOUNT = select(*PROFILE_COLUMNS, User.credential_version).where(User.id == bindparam("user"))
SET = (
    update(User)
    .where(User.id == bindparam("user"), User.credential_version == bindparam("version"))
    .values(password_hash=bindparam("hash"), credential_version=User.credential_version + 1)
)
SET_BY_PHONE = SET.where(User.phone == bindparam("number"))


class PasswordChanges:
    """Each change is one guarded UPDATE of the credentials' version: of many at once one wins, and older tokens end."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        tickets: Tickets,
        proofs: Proofs,
        sessions: Sessions,
        cache: SessionCache,
        events: Events,
        notices: Notices,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tickets = tickets
        self._proofs = proofs
        self._sessions = sessions
        self._cache = cache
        self._events = events
        self._notices = notices

    def reset(self, ticket: str, password: str, source: Source) -> None:
        """Set the password of the ticket's account, and log it out everywhere.

        Raises ``TicketInvalid``, ``TicketExpired``, ``ReauthenticationRequired`` while the account's phone is so new that its
        change can be undone, or ``Invalid`` (password), which leaves the ticket as good as before.
        """
        grant = self._tickets.read_reset(ticket)
        account = self._account(grant.user_id)
        if account is None or (account.phone, account.credential_version) != (grant.phone, grant.credential_version):
            raise TicketExpired
        if self._proofs.is_phone_new(grant.user_id):
            self._events.refused("password_reset_refused", grant.user_id, source, "phone_too_new")
            raise ReauthenticationRequired
        password_hash = self._hash(account, password)
        with self._cache.changing(grant.user_id), self._database.transaction() as connection:
            self._reset(connection, grant, password_hash)
            self._tell(connection, "password_reset", account, source)
        self._notices.send_soon()

    def change(self, caller: Caller, proof: FreshProof, password: str, source: Source) -> SignedIn:
        """Set the caller's password with fresh proof; its session goes on with new tokens, every other one ends.

        Raises as ``Proofs.proven``, and ``Invalid`` (password); ``SessionRevoked`` when the session ended meanwhile.
        """
        user_id = caller.profile.id
        with self._proofs.proven(caller, proof, source) as proven:
            account = self._account(user_id)
            values = {"user": user_id, "version": proven.credential_version, "hash": self._hash(account, password)}
            with self._cache.changing(user_id), self._database.transaction() as connection:
                if connection.execute(SET, values).rowcount != 1:
                    raise ReauthenticationRequired
                pair = self._sessions.renew(connection, caller, proven.credential_version + 1)
                self._tell(connection, "password_changed", account, source, caller.session_id)
        self._notices.send_soon()
        return SignedIn.of(profile_of(account), pair)

    def _account(self, user_id: str) -> Any:
        with self._database.connection() as connection:
            return connection.execute(ACCOUNT, {"user": user_id}).one_or_none()

    def _hash(self, account: Any, password: str) -> str:
        refuse_guessable(password, account.username, account.phone, account.email)
        return self._passwords.hash(password)

    def _reset(self, connection: Connection, grant: ResetGrant, password_hash: str) -> None:
        values = {"user": grant.user_id, "version": grant.credential_version, "hash": password_hash}
        if connection.execute(SET_BY_PHONE, values | {"number": grant.phone}).rowcount != 1:
            raise TicketExpired
        self._sessions.end_all_in(connection, grant.user_id)

    def _tell(
        self, connection: Connection, kind: str, account: Any, source: Source, session_id: str | None = None
    ) -> None:
        """The event and the notice of one name."""
        self._events.record(connection, kind, account.id, source, session_id)
        email = verified_email(account)
        self._notices.tell(connection, kind, account.id, source, phone=account.phone, email=email)
