"""The end of the wizard's first step: a right code becomes a ticket."""

from dataclasses import dataclass

from services.challenges import Challenges, Proof
from services.errors import PhoneNotRegistered, PhoneRegistered
from services.phone_claims import PhoneClaims
from services.sources import Source
from services.tickets import PURPOSES, REGISTER, ResetGrant, Tickets


@dataclass(frozen=True)
class IssuedTicket:
    """A ticket for the next step; ``expires_in`` in seconds."""

    ticket: str
    purpose: str
    expires_in: int


class Verification:
    """Redeems codes whose proof has to be carried by the client."""

    def __init__(self, challenges: Challenges, claims: PhoneClaims, tickets: Tickets) -> None:
        self._challenges = challenges
        self._claims = claims
        self._tickets = tickets

    def verify(self, sms_id: str, code: str, source: Source) -> IssuedTicket:
        """A ticket for the phone; raises as ``Challenges.redeem``, and ``PhoneRegistered`` or ``PhoneNotRegistered``."""
        with self._challenges.redeem(sms_id, code, PURPOSES) as proof:
            ticket = self._ticket_for(proof, source)
        return IssuedTicket(ticket, proof.purpose, self._tickets.lifetime)

    def _ticket_for(self, proof: Proof, source: Source) -> str:
        holder = self._claims.holder_for(proof.phone, source)
        if proof.purpose == REGISTER:
            if holder:
                raise PhoneRegistered
            return self._tickets.issue(proof.phone)
        if holder is None:
            raise PhoneNotRegistered(ticket=self._tickets.issue(proof.phone))
        return self._tickets.issue_reset(ResetGrant(proof.phone, holder.id, holder.credential_version))
