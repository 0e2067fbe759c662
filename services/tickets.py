"""Tickets: a proven phone, carried to the next step by the client. Stateless; what uses one up is a fact in the database."""

from collections.abc import Sequence

from cryptography.fernet import InvalidToken

from services.clock import Clock
from services.errors import TicketExpired, TicketInvalid
from services.keyring import Keyring
from services.signing import Expired, Forged, SignedTexts

PURPOSES = ("register", "reset_password")


class Tickets:
    """Issues and reads tickets, each for one purpose. The phone inside is sealed."""

    def __init__(self, keyring: Keyring, clock: Clock, lifetime: int) -> None:
        self.lifetime = lifetime
        self._keyring = keyring
        self._texts = {purpose: SignedTexts(keyring.secrets, f"ticket.{purpose}", clock) for purpose in PURPOSES}

    def issue(self, purpose: str, phone: str, *facts: str | int) -> str:
        """A ticket for ``phone`` (E.164), with facts that must still hold when it is used."""
        return self._texts[purpose].sign([self._keyring.seal(phone), *facts])

    def read(self, purpose: str, ticket: str) -> tuple[str, Sequence[str | int]]:
        """The phone and the facts; raises ``TicketExpired`` or ``TicketInvalid``."""
        try:
            sealed, *facts = self._texts[purpose].read(ticket, self.lifetime)
            return self._keyring.unseal(sealed), facts
        except Expired:
            raise TicketExpired from None
        except (Forged, InvalidToken):
            raise TicketInvalid from None
