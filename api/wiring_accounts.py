"""Builds what happens to accounts, from the registration to the erasure."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from api.wiring_basis import Basis
from api.wiring_messages import MessageServices
from api.wiring_proofs import ProofServices
from services.accounts import Accounts
from services.closings import Closings
from services.devices import Devices
from services.dormancy import Dormancy
from services.email_addresses import EmailAddresses
from services.email_links import EmailLinks
from services.erasure import Erasure
from services.exports import Exports
from services.logins import Logins
from services.new_phones import NewPhones
from services.operators import Operators
from services.password_changes import PasswordChanges
from services.phone_changes import PhoneChanges, UndoRules
from services.phone_claims import PhoneClaims
from services.verification import Verification


@dataclass(frozen=True, kw_only=True)
class PhoneServices:
    """Phones of accounts: proven, claimed by others, changed."""

    dormancy: Dormancy
    verification: Verification
    phone_claims: PhoneClaims
    phone_changes: PhoneChanges
    new_phones: NewPhones


@dataclass(frozen=True, kw_only=True)
class AccountServices:
    """Accounts, and who opens, changes and ends them."""

    accounts: Accounts
    logins: Logins
    email_addresses: EmailAddresses
    password_changes: PasswordChanges
    closings: Closings
    exports: Exports
    operators: Operators


def build_erasure(basis: Basis, sent: MessageServices) -> Erasure:
    """What takes the person out of an account."""
    return Erasure(basis.database, sent.messages, basis.cache, basis.events, basis.clock, structlog.get_logger())


def build_phones(basis: Basis, sent: MessageServices, shown: ProofServices, erasure: Erasure) -> PhoneServices:
    """``sent`` tells the owners, ``shown`` proves."""
    config, database, cache, events, clock = basis.config, basis.database, basis.cache, basis.events, basis.clock
    notices, log, unused_for = sent.notices, structlog.get_logger(), timedelta(days=config.dormant_days)
    undo = UndoRules(config.phone_change_undo_days, config.public_url)
    dormancy = Dormancy(database, erasure, cache, events, notices, clock, after=unused_for)
    claims = PhoneClaims(database, dormancy, basis.keyring, events, notices, clock, log, site=config.public_url)
    changes = PhoneChanges(database, basis.keyring, shown.sessions, cache, events, notices, clock, undo)
    return PhoneServices(
        dormancy=dormancy,
        verification=Verification(shown.challenges, claims, shown.tickets),
        phone_claims=claims,
        phone_changes=changes,
        new_phones=NewPhones(database, shown.proofs, shown.challenges, dormancy, changes, cache),
    )


def build_accounts(
    basis: Basis, sent: MessageServices, shown: ProofServices, phones: PhoneServices, erasure: Erasure
) -> AccountServices:
    """``sent`` tells the owners, ``shown`` proves."""
    config, database, cache, events, clock = basis.config, basis.database, basis.cache, basis.events, basis.clock
    notices, keep = sent.notices, timedelta(days=config.close_days)
    passwords, tickets, sessions, proofs = shown.passwords, shown.tickets, shown.sessions, shown.proofs
    claims, dormancy, devices = phones.phone_claims, phones.dormancy, Devices(notices, clock)
    links = EmailLinks(basis.keyring, notices, clock, config.public_url, config.email_link_seconds)
    closings = Closings(database, proofs, cache, events, notices, clock, keep=keep)
    return AccountServices(
        accounts=Accounts(
            database, passwords, tickets, sessions, cache, devices, dormancy, events, notices, links, clock
        ),
        logins=Logins(database, passwords, claims, tickets, sessions, closings, devices, notices, events, clock),
        email_addresses=EmailAddresses(database, links, notices, cache, events),
        password_changes=PasswordChanges(database, passwords, tickets, proofs, sessions, cache, events, notices),
        closings=closings,
        exports=Exports(database, basis.keyring, events, clock),
        operators=Operators(database, erasure, cache, events, clock, keep=keep),
    )
