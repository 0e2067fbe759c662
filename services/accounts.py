"""Accounts: registered once, renamed, found by a phone or a name."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from models import User
from models.database import Database
from services.clock import Clock
from services.devices import Devices
from services.dormancy import HOLDER_COLUMNS, Dormancy, Holder
from services.email_links import EmailLink, EmailLinks
from services.errors import (
    EmailTaken,
    PhoneRegistered,
    ReauthenticationRequired,
    ServiceError,
    SessionRevoked,
    UsernameTaken,
)
from services.events import Events
from services.ids import new_id
from services.names import fold
from services.notices import Notices
from services.password_rules import refuse_guessable
from services.passwords import Passwords
from services.profiles import PROFILE_COLUMNS, Profile, profile_of
from services.session_cache import SessionCache
from services.sessions import Caller, Sessions, SignedIn
from services.sources import Source
from services.tickets import Tickets

ADD = insert(User)
# The other accounts that have one of the form's facts, each of which is unique.
TAKEN = select(*HOLDER_COLUMNS, User.phone, User.username_key).where(
    or_(
        User.username_key == bindparam("username"),
        User.verified_email_key == bindparam("email"),
        User.phone == bindparam("phone"),
    )
)


class Accounts:
    """Creates and changes accounts. Who wins a race for a phone or a name is decided by the database's unique keys."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        tickets: Tickets,
        sessions: Sessions,
        cache: SessionCache,
        devices: Devices,
        dormancy: Dormancy,
        events: Events,
        notices: Notices,
        links: EmailLinks,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tickets = tickets
        self._sessions = sessions
        self._cache = cache
        self._devices = devices
        self._dormancy = dormancy
        self._events = events
        self._notices = notices
        self._links = links
        self._clock = clock

    def register(self, ticket: str, username: str, email: str, password: str, source: Source) -> SignedIn:
        """Make the account of the ticket's phone, log it in, and mail a link to its address.

        A dormant account that has the phone loses it.

        Raises ``TicketInvalid``, ``TicketExpired``, ``Invalid`` (password), ``PhoneRegistered``, ``UsernameTaken`` or
        ``EmailTaken``; after each of them the ticket is as good as before.
        """
        phone = self._tickets.read(ticket)
        refuse_guessable(password, username, phone, email)
        former = self._look_for_others(phone, username, email)
        user = self._new_user(phone, username, email, self._passwords.hash(password))
        try:
            with self._database.transaction() as connection:
                self._dormancy.detach(connection, former, source)
                connection.execute(ADD, user)
                session_id = new_id()
                pair = self._sessions.open(connection, user["id"], user["credential_version"], source, session_id)
                self._devices.first(connection, user["id"], source)
                self._events.record(connection, "registered", user["id"], source, session_id)
                self._links.mail(connection, EmailLink(user["id"], email, user["email_version"]), source)
        except IntegrityError as error:
            raise self._conflict(phone) from error
        self._notices.send_soon()
        self._dormancy.detached(former)
        return SignedIn.of(profile_of(SimpleNamespace(**user)), pair)

    def is_username_free(self, username: str) -> bool:
        """Whether nobody has a name that folds to the same key."""
        with self._database.connection() as connection:
            return connection.scalar(select(User.id).where(User.username_key == fold(username))) is None

    def is_phone_registered(self, phone: str) -> bool:
        """Whether an account has this phone (E.164)."""
        with self._database.connection() as connection:
            return connection.scalar(select(User.id).where(User.phone == phone)) is not None

    def phone_of(self, user_id: str) -> str:
        """The account's phone in E.164: for sending to it, never for showing.

        Raises ``ReauthenticationRequired`` where it has none: then only the password is proof.
        """
        with self._database.connection() as connection:
            phone = connection.scalar(select(User.phone).where(User.id == user_id))
        if phone is None:
            raise ReauthenticationRequired
        return phone

    def rename(self, caller: Caller, username: str, source: Source) -> Profile:
        """Give the caller's account another user name; raises ``UsernameTaken``, or ``SessionRevoked`` for one that is closed."""
        renamed = update(User).where(User.id == caller.profile.id, User.status == "active")
        try:
            with self._database.transaction() as connection:
                if connection.execute(renamed.values(username=username, username_key=fold(username))).rowcount != 1:
                    raise SessionRevoked
                self._events.record(connection, "username_changed", caller.profile.id, source)
                row = connection.execute(select(*PROFILE_COLUMNS).where(User.id == caller.profile.id)).one()
        except IntegrityError as error:
            raise UsernameTaken from error
        self._cache.forget(caller.profile.id)
        return profile_of(row)

    def _look_for_others(self, phone: str, username: str, email: str) -> Holder | None:
        """The dormant account that has to let go of the phone; raises for what is taken, before a hash is paid for.

        The unique keys decide again when the row is written. The phone is told first: a form that is sent twice is told what it
        did, not that its name is gone.
        """
        name, address = fold(username), fold(email)
        values = {"username": name, "email": address, "phone": phone, **self._dormancy.since()}
        with self._database.connection() as connection:
            rows = connection.execute(TAKEN, values).all()
        of_phone = next((row for row in rows if row.phone == phone), None)
        former = self._dormancy.let_go(self._dormancy.holder_in(of_phone, phone))
        if any(row.username_key == name for row in rows):
            raise UsernameTaken
        if any(row.verified_email_key == address for row in rows):
            raise EmailTaken
        return former

    def _conflict(self, phone: str) -> ServiceError:
        """Which unique key refused the row: the phone's, else the name's."""
        return PhoneRegistered() if self.is_phone_registered(phone) else UsernameTaken()

    def _new_user(self, phone: str, username: str, email: str, password_hash: str) -> dict[str, Any]:
        return {
            "id": new_id(),
            "phone": phone,
            "username": username,
            "username_key": fold(username),
            "email": email,
            "verified_email_key": None,
            "password_hash": password_hash,
            "status": "active",
            "credential_version": 1,
            "email_version": 1,
            "created_at": self._clock(),
        }
