"""Tickets: a proven phone, carried to the next step by the client. Stateless; what uses one up is a fact in the database."""

import json
from dataclasses import astuple, dataclass

from cryptography.fernet import InvalidToken

from services.clock import Clock
from services.errors import TicketExpired, TicketInvalid
from services.keyring import Keyring
from services.signing import Expired, Forged, SignedTexts

REGISTER, RESET = "register", "reset_password"
PURPOSES = (REGISTER, RESET)


@dataclass(frozen=True)
class ResetGrant:
    """What a ticket to reset says: which account, as long as it has this phone (E.164) and these credentials."""

    phone: str
    user_id: str
    credential_version: int


class Tickets:
    """Issues and reads tickets, each for one purpose. What is inside is sealed."""

    def __init__(self, keyring: Keyring, clock: Clock, lifetime: int) -> None:
        self.lifetime = lifetime
        self._keyring = keyring
        self._texts = {purpose: SignedTexts(keyring.secrets, f"ticket.{purpose}", clock) for purpose in PURPOSES}

    def issue(self, phone: str) -> str:
        """A ticket to register ``phone`` (E.164)."""
        return self._write(REGISTER, phone)

    def read(self, ticket: str) -> str:
        """The phone that may be registered; raises ``TicketExpired`` or ``TicketInvalid``."""
        return self._open(REGISTER, ticket)

    def issue_reset(self, grant: ResetGrant) -> str:
        """A ticket to set a new password with."""
        return self._write(RESET, json.dumps(astuple(grant)))

    def read_reset(self, ticket: str) -> ResetGrant:
        """Which account may be reset; raises ``TicketExpired`` or ``TicketInvalid``."""
        return ResetGrant(*json.loads(self._open(RESET, ticket)))

    def _write(self, purpose: str, facts: str) -> str:
        return self._texts[purpose].sign(self._keyring.seal(facts))

    def _open(self, purpose: str, ticket: str) -> str:
        try:
            return self._keyring.unseal(self._texts[purpose].read(ticket, self.lifetime))
        except Expired:
            raise TicketExpired from None
        except (Forged, InvalidToken):
            raise TicketInvalid from None
