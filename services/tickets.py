"""Tickets: a proven phone, carried to the next step by the client. Stateless; what uses one up is a fact in the database."""

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

    def issue(self, purpose: str, phone: str) -> str:
        """A ticket for ``phone`` (E.164)."""
        return self._texts[purpose].sign(self._keyring.seal(phone))

    def read(self, purpose: str, ticket: str) -> str:
        """The phone; raises ``TicketExpired`` or ``TicketInvalid``."""
        try:
            return self._keyring.unseal(self._texts[purpose].read(ticket, self.lifetime))
        except Expired:
            raise TicketExpired from None
        except (Forged, InvalidToken):
            raise TicketInvalid from None
