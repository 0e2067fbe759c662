"""Claims: somebody proved a phone whose account is dormant. The owner, if it is not the same person, can keep the number."""

import json
from datetime import datetime

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, bindparam, or_, update
from structlog.typing import FilteringBoundLogger

from models import User
from models.database import Database
from services.background import Background
from services.clock import Clock
from services.dormancy import Dormancy, Holder, without_place
from services.errors import TicketExpired, TicketInvalid
from services.events import Events
from services.keyring import Keyring
from services.notices import Notices
from services.phones import mask_phone
from services.signing import Expired, Forged, SignedTexts
from services.sources import Source

KEEP_SECONDS = 86400
KEEPERS = ("active", "closing")
KEEP = (
    update(User)
    .where(
        User.id == bindparam("user"),
        User.phone == bindparam("number"),
        User.credential_version == bindparam("version"),
        User.status.in_(KEEPERS),
        or_(User.seen_at.is_(None), User.seen_at < bindparam("issued", type_=User.seen_at.type)),
    )
    .values(seen_at=bindparam("now"))
)


class PhoneClaims:
    """Tells owners of claims by mail; the link in it keeps the number. ``site`` is where its page is."""

    def __init__(
        self,
        database: Database,
        dormancy: Dormancy,
        keyring: Keyring,
        events: Events,
        notices: Notices,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        site: str,
    ) -> None:
        self._database = database
        self._dormancy = dormancy
        self._keyring = keyring
        self._texts = SignedTexts(keyring.secrets, "keep_phone", clock)
        self._events = events
        self._notices = notices
        self._clock = clock
        self._soon = Background("claims", log)
        self._site = site

    def holder_for(self, phone: str, source: Source) -> Holder | None:
        """The account that whoever proved ``phone`` may be shown; None where there is none, or it is dormant.

        The owner of a dormant one is told after the reply, whose time must not say that there is one.
        """
        holder = self._dormancy.holder_of(phone)
        if holder is None or not holder.is_dormant:
            return holder
        self._soon.submit(lambda: self._tell(holder, source))
        return None

    def keep(self, token: str, source: Source) -> None:
        """The mailed link was followed: the phone stays with its account, which SMS codes open again.

        Raises ``TicketInvalid``, or ``TicketExpired`` for a link that is old, used, or no longer true.
        """
        with self._database.transaction() as connection:
            user_id = self._keep(connection, token)
            self._events.record(connection, "phone_kept", user_id, source)

    def _keep(self, connection: Connection, token: str) -> str:
        user_id, phone, version, issued = self._read(token)
        values = {"user": user_id, "number": phone, "version": version, "now": self._clock()}
        if connection.execute(KEEP, values | {"issued": datetime.fromisoformat(issued)}).rowcount != 1:
            raise TicketExpired
        return user_id

    def _tell(self, holder: Holder, source: Source) -> None:
        """A disabled account has nothing to keep its number for."""
        with self._database.transaction() as connection:
            self._events.record(connection, "phone_claimed", holder.id, without_place(source))
            if holder.email and holder.status in KEEPERS:
                values = {
                    "phone": mask_phone(holder.phone),
                    "link": f"{self._site}/keep-phone#token={self._sign(holder)}",
                }
                self._notices.mail(connection, "phone_claimed", holder.id, source, holder.email, **values)
        self._notices.send_due()

    def _sign(self, holder: Holder) -> str:
        facts = [holder.id, holder.phone, holder.credential_version, self._clock().isoformat()]
        return self._texts.sign(self._keyring.seal(json.dumps(facts)))

    def _read(self, token: str) -> tuple[str, str, int, str]:
        try:
            user_id, phone, version, issued = json.loads(self._keyring.unseal(self._texts.read(token, KEEP_SECONDS)))
        except Expired:
            raise TicketExpired from None
        except (Forged, InvalidToken):
            raise TicketInvalid from None
        return user_id, phone, version, issued
