"""The e-mail address of an account: changed with fresh proof, and verified by a mailed link."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, select, update
from sqlalchemy.exc import IntegrityError

from models import User
from models.database import Database
from services.email_links import EmailLink, EmailLinks
from services.emails import mask_email, verified_email
from services.errors import EmailTaken, ReauthenticationRequired, TicketExpired
from services.events import Events
from services.names import fold
from services.notices import Notices
from services.proofs import Proven
from services.session_cache import SessionCache
from services.sources import Source

OPEN = ("active", "closing")
FIND = select(User.email, User.verified_email_key, User.email_version, User.phone).where(User.id == bindparam("user"))
HOLDER = select(User.id).where(User.verified_email_key == bindparam("key"))
# An address that nobody verified gives way at once.
ASK = (
    update(User)
    .where(User.id == bindparam("user"), User.credential_version == bindparam("credentials"))
    .values(
        email=case((User.verified_email_key.is_(None), bindparam("address")), else_=User.email),
        email_version=User.email_version + 1,
    )
)
VERIFY = (
    update(User)
    .where(User.id == bindparam("user"), User.email_version == bindparam("version"), User.status.in_(OPEN))
    .values(email=bindparam("address"), verified_email_key=bindparam("key"), email_version=User.email_version + 1)
)


@dataclass(frozen=True)
class EmailAsked:
    """A link was mailed to ``email``; it is good for ``expires_in`` seconds."""

    email: str
    expires_in: int


@dataclass(frozen=True)
class EmailVerified:
    """The address belongs to the account's owner."""

    email: str
    email_verified: bool = True


class EmailAddresses:
    """Every change is one guarded UPDATE; whose a verified address is, is decided by its unique key."""

    def __init__(
        self, database: Database, links: EmailLinks, notices: Notices, cache: SessionCache, events: Events
    ) -> None:
        self._database = database
        self._links = links
        self._notices = notices
        self._cache = cache
        self._events = events

    def change(self, user_id: str, proven: Proven, email: str, source: Source) -> EmailAsked:
        """Mail a link to a new address, or a fresh one to the same; the old address is told if it is verified, else the phone.

        Raises ``EmailTaken``, or ``ReauthenticationRequired`` when the credentials changed since they were proven.
        """
        with self._database.transaction() as connection:
            before = connection.execute(FIND, {"user": user_id}).one()
            version = self._ask(connection, user_id, proven, email)
            self._refuse_taken(connection, user_id, email)
            self._links.mail(connection, EmailLink(user_id, email, version, proven.credential_version), source)
            if fold(before.email) != fold(email):
                reach = {"phone": before.phone, "email": verified_email(before)}
                self._notices.tell(connection, "email_changing", user_id, source, **reach, address=mask_email(email))
            self._events.record(connection, "email_change_requested", user_id, source, detail=mask_email(email))
        self._cache.forget(user_id)
        self._notices.send_soon()
        return EmailAsked(email, self._links.lifetime)

    def verify(self, token: str, source: Source) -> EmailVerified:
        """Use a mailed link; raises ``TicketExpired``, ``TicketInvalid`` or ``EmailTaken``, which leaves it as it was."""
        link = self._links.read(token)
        values = {
            "user": link.user_id,
            "version": link.email_version,
            "address": link.address,
            "key": fold(link.address),
        }
        statement = VERIFY
        if link.credential_version is not None:
            statement = statement.where(User.credential_version == link.credential_version)
        try:
            with self._database.transaction() as connection:
                if connection.execute(statement, values).rowcount != 1:
                    raise TicketExpired
                masked = mask_email(link.address)
                self._events.record(connection, "email_verified", link.user_id, source, detail=masked)
        except IntegrityError as error:
            raise EmailTaken from error
        self._cache.forget(link.user_id)
        return EmailVerified(link.address)

    def _ask(self, connection: Connection, user_id: str, proven: Proven, email: str) -> int:
        """End the older links; the version of the new one."""
        values = {"user": user_id, "credentials": proven.credential_version, "address": email}
        if connection.execute(ASK, values).rowcount != 1:
            raise ReauthenticationRequired
        return int(connection.execute(FIND, {"user": user_id}).one().email_version)

    def _refuse_taken(self, connection: Connection, user_id: str, email: str) -> None:
        """Said now for the shopper's sake; the unique key says it again when the link is used."""
        if connection.scalar(HOLDER, {"key": fold(email)}) not in (None, user_id):
            raise EmailTaken
