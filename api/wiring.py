"""Builds the services from the settings and the extensions, and picks the SMS gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from flask import current_app

from api.config import ALWAYS, Config
from api.extensions import Extensions
from api.limit_windows import LimitWindows
from api.wiring_mail import build_channels, warn_of_mails
from api.wiring_receipts import build_pending, build_polls, note_sent
from api.wiring_sms import build_budgets, build_gateways, build_sender, warn_of_limits
from models.database import Database
from services.accounts import Accounts
from services.admission import Admission
from services.budgets import Budgets
from services.bulkhead import Bulkhead
from services.challenges import Challenges
from services.circuit import Circuit
from services.clock import Clock
from services.closings import Closings
from services.debts import Debts
from services.devices import Devices
from services.dormancy import Dormancy
from services.doubts import Doubts
from services.email_addresses import EmailAddresses
from services.email_links import EmailLinks
from services.erasure import Erasure
from services.events import Events
from services.exports import Exports
from services.inbox import Inbox
from services.keyring import Keyring
from services.limit_hits import LimitHits
from services.logins import Logins
from services.message_log import MessageLog
from services.new_phones import NewPhones
from services.notice_log import NoticeLog
from services.notices import Notices
from services.operators import Operators
from services.owed import Owed
from services.password_changes import PasswordChanges
from services.passwords import HashingRules, Passwords
from services.phone_changes import PhoneChanges, UndoRules
from services.phone_claims import PhoneClaims
from services.proof_of_work import ProofOfWork
from services.proofs import Proofs
from services.readiness import Readiness
from services.receipt_polls import ReceiptPoll
from services.sends import ChallengeRules, Sends
from services.sent_earlier import SentEarlier
from services.session_cache import SessionCache
from services.session_store import SessionStore
from services.sessions import Sessions
from services.sms_standing import SmsStanding
from services.tester_numbers import TesterNumbers
from services.tickets import Tickets
from services.tokens import Tokens
from services.verification import Verification
from sms.gateway import Gateway

# Of ten logins, how many usually succeed: people mistype. Under alarm fewer than half of that do.
USUAL_LOGINS = 0.8


@dataclass(frozen=True)
class Services:
    """All that the resources call."""

    config: Config
    database: Database
    redis: Any
    readiness: Readiness
    limit_windows: LimitWindows
    limit_hits: LimitHits
    debts: Debts
    work: ProofOfWork
    admission: Admission
    keyring: Keyring
    tokens: Tokens
    sessions: Sessions
    challenges: Challenges
    verification: Verification
    accounts: Accounts
    logins: Logins
    inbox: Inbox | None
    gateways: dict[str, Gateway]
    messages: MessageLog
    testers: TesterNumbers
    sms_standing: SmsStanding
    budgets: Budgets | None
    events: Events
    notices: Notices
    notice_log: NoticeLog
    email_addresses: EmailAddresses
    proofs: Proofs
    password_changes: PasswordChanges
    phone_changes: PhoneChanges
    new_phones: NewPhones
    phone_claims: PhoneClaims
    closings: Closings
    erasure: Erasure
    exports: Exports
    operators: Operators
    polls: tuple[ReceiptPoll, ...]


def services() -> Services:
    """The services of the app that handles this request."""
    wired: Services = current_app.extensions["dongbao"]
    return wired


def build_services(config: Config, extensions: Extensions, clock: Clock, stand_ins: Sequence[Gateway] = ()) -> Services:
    """Put the parts together; ``stand_ins`` are the gateways in place of those that the settings name, in order."""
    keyring = Keyring(config.secret_keys)
    database, redis = extensions.database, extensions.redis
    inbox = Inbox(redis, keyring, clock) if config.uses_console else None
    named = {gateway.name: gateway for gateway in stand_ins}
    pending = build_pending(config.sms, redis, keyring, clock)
    gateways = note_sent(named or build_gateways(config.sms, config.threads, inbox), pending)
    warn_of_limits(config.sms, config.sms_per_day)
    warn_of_mails(config)
    messages = MessageLog(database, keyring, clock, structlog.get_logger())
    limit_hits = LimitHits(database, clock)
    owed = Owed(structlog.get_logger())
    cache = SessionCache(redis, owed)
    tokens = Tokens(keyring, clock, config.access_token_seconds, config.refresh_token_seconds)
    tickets = Tickets(keyring, clock, config.ticket_seconds)
    passwords = Passwords(_hashing_rules(config))
    events = Events(database, clock, structlog.get_logger())
    sessions = Sessions(
        SessionStore(database),
        cache,
        Doubts(redis),
        tokens,
        events,
        clock,
        refresh_lifetime=timedelta(seconds=config.refresh_token_seconds),
        session_lifetime=timedelta(seconds=config.session_seconds),
        grace=timedelta(seconds=config.refresh_grace_seconds),
        most=config.max_sessions,
        uncached=Bulkhead(max(1, config.threads // 2)),
    )
    budgets = None if "console" in gateways else build_budgets(config.sms, redis, database, keyring, clock)
    sender = build_sender(config.sms, gateways, redis, keyring, messages, budgets, clock)
    testers = TesterNumbers(config.sms.testers, clock)
    earlier = SentEarlier(database, clock, structlog.get_logger())
    sends = Sends(redis, earlier.read, owed, _challenge_rules(config))
    debts = Debts(redis, _usual_shares(budgets), clock, structlog.get_logger())
    work = ProofOfWork(keyring, clock)
    challenges = Challenges(redis, keyring, sender, testers, sends, owed, debts, _challenge_rules(config))
    channels = build_channels(config, sender, redis, keyring, inbox)
    notices = Notices(database, keyring, channels, clock, structlog.get_logger())
    links = EmailLinks(keyring, notices, clock, config.public_url, config.email_link_seconds)
    proofs = Proofs(database, passwords, challenges, events, clock)
    erasure = Erasure(database, messages, cache, events, clock, structlog.get_logger())
    keep = timedelta(days=config.close_days)
    closings = Closings(database, proofs, cache, events, notices, clock, keep=keep)
    devices = Devices(notices, clock)
    dormancy = Dormancy(database, erasure, cache, events, notices, clock, after=timedelta(days=config.dormant_days))
    claims = PhoneClaims(
        database, dormancy, keyring, events, notices, clock, structlog.get_logger(), site=config.public_url
    )
    undo = UndoRules(config.phone_change_undo_days, config.public_url)
    phone_changes = PhoneChanges(database, keyring, sessions, cache, events, notices, clock, undo)
    accounts = Accounts(database, passwords, tickets, sessions, cache, devices, dormancy, events, notices, links, clock)
    return Services(
        config=config,
        database=database,
        redis=redis,
        readiness=Readiness(database, redis, clock, structlog.get_logger()),
        limit_windows=_limit_windows(config, extensions, keyring, limit_hits),
        limit_hits=limit_hits,
        debts=debts,
        work=work,
        admission=Admission(debts, work, always=config.challenge == ALWAYS),
        keyring=keyring,
        tokens=tokens,
        sessions=sessions,
        challenges=challenges,
        verification=Verification(challenges, claims, tickets),
        accounts=accounts,
        logins=Logins(database, passwords, claims, tickets, sessions, closings, devices, notices, events, clock),
        inbox=inbox,
        gateways=gateways,
        messages=messages,
        testers=testers,
        sms_standing=SmsStanding(redis, keyring, gateways),
        budgets=budgets,
        events=events,
        notices=notices,
        notice_log=NoticeLog(database, notices, clock),
        email_addresses=EmailAddresses(database, links, notices, cache, events),
        proofs=proofs,
        password_changes=PasswordChanges(database, passwords, tickets, proofs, sessions, cache, events, notices),
        phone_changes=phone_changes,
        new_phones=NewPhones(database, proofs, challenges, dormancy, phone_changes, cache),
        phone_claims=claims,
        closings=closings,
        erasure=erasure,
        exports=Exports(database, keyring, events, clock),
        operators=Operators(database, erasure, cache, events, clock, keep=keep),
        polls=() if named else build_polls(config.sms, pending, messages),
    )


def _limit_windows(config: Config, extensions: Extensions, keyring: Keyring, hits: LimitHits) -> LimitWindows:
    """Redis is left alone by its client when it is away, any other storage by a circuit."""
    if config.ratelimit_storage_uri.startswith("memory"):
        structlog.get_logger().warning(
            "limits_count_per_process",
            workers=config.workers,
            hint="each worker counts for itself; RATELIMIT_STORAGE_URI may be a Redis or memcached",
        )
    shared = config.ratelimit_storage_uri == config.redis_url
    circuit = None if shared else Circuit()
    return LimitWindows(extensions.limiter, config.ratelimit_strategy, hits, keyring, circuit)


def _hashing_rules(config: Config) -> HashingRules:
    return HashingRules(
        memory_kib=config.argon2_memory_kib,
        iterations=config.argon2_iterations,
        lanes=config.argon2_lanes,
        places=config.hash_places,
        queue=config.hash_queue,
        patience=config.hash_patience_seconds,
    )


def _usual_shares(budgets: Budgets | None) -> dict[str, Callable[[], float]]:
    """Of what is let through, how much is usually made good: of messages, as the last weeks were."""
    return {"sms": budgets.usual_share if budgets else lambda: 1.0, "login": lambda: USUAL_LOGINS}


def _challenge_rules(config: Config) -> ChallengeRules:
    return ChallengeRules(
        cooldown=config.sms_cooldown_seconds,
        per_hour=config.sms_per_hour,
        per_day=config.sms_per_day,
        lifetime=config.sms_code_seconds,
        attempts=config.sms_code_attempts,
        wrong_guesses_per_day=config.sms_wrong_guesses_per_day,
        regions=config.sms_regions,
    )
