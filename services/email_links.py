"""Mailed links that verify an address: signed, for one address of one account, and void once either has moved on."""

from dataclasses import dataclass

from sqlalchemy import Connection

from services.clock import Clock
from services.errors import TicketExpired, TicketInvalid
from services.keyring import Keyring
from services.notices import Notices
from services.signing import Expired, Forged, SignedTexts
from services.sources import Source

HOUR = 3600


@dataclass(frozen=True)
class EmailLink:
    """Whoever has the link reads the mails of ``address``.

    It is good while the account has this ``email_version`` and, where the link was asked for with fresh proof, this
    ``credential_version``: a change of the password ends what somebody else asked for with the old one.
    """

    user_id: str
    address: str
    email_version: int
    credential_version: int | None = None


class EmailLinks:
    """Mails links and reads their tokens. ``site`` is where the page is; ``lifetime`` is in seconds."""

    def __init__(self, keyring: Keyring, notices: Notices, clock: Clock, site: str, lifetime: int) -> None:
        self.lifetime = lifetime
        self._texts = SignedTexts(keyring.secrets, "email", clock)
        self._notices = notices
        self._site = site

    def mail(self, connection: Connection, link: EmailLink, source: Source) -> None:
        """Write the mail down in the transaction of ``connection``.

        The token stands in the fragment, which no browser sends: servers that look at the links in mails don't use it up.
        """
        token = self._texts.sign([link.user_id, link.address, link.email_version, link.credential_version])
        self._notices.mail(
            connection,
            "verify_email",
            link.user_id,
            source,
            link.address,
            link=f"{self._site}/verify-email#token={token}",
            hours=str(max(1, self.lifetime // HOUR)),
        )

    def read(self, token: str) -> EmailLink:
        """What a token says; raises ``TicketExpired`` or ``TicketInvalid``."""
        try:
            return EmailLink(*self._texts.read(token, self.lifetime))
        except Expired:
            raise TicketExpired from None
        except Forged:
            raise TicketInvalid from None
