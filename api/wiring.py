"""Puts the services together, feature by feature: each ``wiring_….py`` builds some of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from flask import current_app

from api.config import Config
from api.extensions import Extensions
from api.redis_tracking import tracked_reads
from api.wiring_accounts import AccountServices, PhoneServices, build_accounts, build_erasure, build_phones
from api.wiring_basis import Basis
from api.wiring_guards import GuardServices, build_guards
from api.wiring_messages import MessageServices, build_messages
from api.wiring_proofs import ProofServices, build_proofs
from services.clock import Clock
from services.erasure import Erasure
from services.events import Events
from services.keyring import Keyring
from services.living_sessions import LivingSessions
from services.owed import Owed
from services.readiness import Readiness
from services.session_cache import SessionCache
from sms.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class Services(AccountServices, PhoneServices, ProofServices, GuardServices, MessageServices, Basis):
    """All that the resources call."""

    readiness: Readiness
    erasure: Erasure
    living_sessions: LivingSessions


def services() -> Services:
    """The services of the app that handles this request."""
    wired: Services = current_app.extensions["dongbao"]
    return wired


def build_services(config: Config, extensions: Extensions, clock: Clock, stand_ins: Sequence[Gateway] = ()) -> Services:
    """Put the parts together; ``stand_ins`` are the gateways in place of those that the settings name, in order."""
    basis = _basis(config, extensions, clock)
    sent = build_messages(basis, stand_ins)
    guards = build_guards(basis, extensions.limiter, sent.budgets)
    shown = build_proofs(basis, sent.sender, guards.debts)
    erasure = build_erasure(basis, sent)
    phones = build_phones(basis, sent, shown, erasure)
    accounts = build_accounts(basis, sent, shown, phones, erasure)
    features = (basis, sent, guards, shown, phones, accounts)
    return Services(
        readiness=Readiness(basis.database, basis.redis, clock, structlog.get_logger()),
        erasure=erasure,
        living_sessions=LivingSessions(basis.database, basis.redis, clock),
        **{name: service for feature in features for name, service in vars(feature).items()},
    )


def _basis(config: Config, extensions: Extensions, clock: Clock) -> Basis:
    owed = Owed(structlog.get_logger())
    return Basis(
        config=config,
        database=extensions.database,
        redis=extensions.redis,
        owed=owed,
        keyring=Keyring(config.secret_keys),
        clock=clock,
        cache=SessionCache(extensions.redis, owed, tracked_reads(extensions.redis, config.redis_timeout_seconds)),
        events=Events(extensions.database, clock, structlog.get_logger()),
    )
