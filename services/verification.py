"""The end of the wizard's first step: a right code becomes a ticket."""

from dataclasses import dataclass

from services.accounts import Accounts
from services.challenges import Challenges
from services.erasure import Erasure
from services.errors import PhoneNotRegistered, PhoneRegistered
from services.tickets import PURPOSES, Tickets


@dataclass(frozen=True)
class IssuedTicket:
    """A ticket for the next step; ``expires_in`` in seconds."""

    ticket: str
    purpose: str
    expires_in: int


class Verification:
    """Redeems codes whose proof has to be carried by the client."""

    def __init__(self, challenges: Challenges, accounts: Accounts, erasure: Erasure, tickets: Tickets) -> None:
        self._challenges = challenges
        self._accounts = accounts
        self._erasure = erasure
        self._tickets = tickets

    def verify(self, sms_id: str, code: str) -> IssuedTicket:
        """A ticket for the phone; raises as ``Challenges.redeem``, and ``PhoneRegistered`` or ``PhoneNotRegistered``."""
        with self._challenges.redeem(sms_id, code, PURPOSES) as proof:
            self._erasure.free(proof.phone)
            registered = self._accounts.is_phone_registered(proof.phone)
            if proof.purpose == "register" and registered:
                raise PhoneRegistered
            if proof.purpose == "reset_password" and not registered:
                raise PhoneNotRegistered(ticket=self._tickets.issue("register", proof.phone))
            ticket = self._tickets.issue(proof.purpose, proof.phone)
        return IssuedTicket(ticket, proof.purpose, self._tickets.lifetime)
