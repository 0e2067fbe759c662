"""Builds what proves who somebody is: passwords, codes, tickets, and the sessions that they open."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from api.config import Config
from api.config_tokens import JWT
from api.wiring_basis import Basis
from services.bulkhead import Bulkhead
from services.challenges import Challenges
from services.debts import Debts
from services.doubts import Doubts
from services.introspection import Introspection
from services.jwts import Jwts
from services.known_tokens import KnownTokens
from services.passwords import HashingRules, Passwords
from services.proofs import Proofs
from services.sender import Sender
from services.sends import ChallengeRules, Sends
from services.sent_earlier import SentEarlier
from services.session_store import SessionStore
from services.sessions import Sessions
from services.tester_numbers import TesterNumbers
from services.tickets import Tickets
from services.tokens import Tokens


@dataclass(frozen=True, kw_only=True)
class ProofServices:
    """What a shopper shows, and is given for it."""

    passwords: Passwords
    testers: TesterNumbers
    challenges: Challenges
    tickets: Tickets
    jwts: Jwts
    tokens: Tokens
    known_tokens: KnownTokens
    sessions: Sessions
    introspection: Introspection
    proofs: Proofs


def build_proofs(basis: Basis, sender: Sender, debts: Debts) -> ProofServices:
    """``debts`` hear of codes that were typed."""
    config, clock = basis.config, basis.clock
    passwords = Passwords(_hashing_rules(config), structlog.get_logger())
    testers = TesterNumbers(config.sms.testers, clock)
    challenges = _challenges(basis, sender, testers, debts)
    jwts = Jwts(config.jwt_keys, clock, config.jwt_issuer, config.jwt_audience)
    tokens = Tokens(
        basis.keyring,
        clock,
        config.access_token_seconds,
        config.refresh_token_seconds,
        jwts,
        writes_jwts=config.token_format == JWT,
    )
    known_tokens, sessions = KnownTokens(tokens, clock), _sessions(basis, tokens)
    return ProofServices(
        passwords=passwords,
        testers=testers,
        challenges=challenges,
        tickets=Tickets(basis.keyring, clock, config.ticket_seconds),
        jwts=jwts,
        tokens=tokens,
        known_tokens=known_tokens,
        sessions=sessions,
        introspection=Introspection(
            known_tokens, sessions, config.introspection_clients, config.jwt_issuer, config.jwt_audience
        ),
        proofs=Proofs(basis.database, passwords, challenges, basis.events, clock),
    )


def _challenges(basis: Basis, sender: Sender, testers: TesterNumbers, debts: Debts) -> Challenges:
    rules = _challenge_rules(basis.config)
    earlier = SentEarlier(basis.database, basis.clock, structlog.get_logger())
    sends = Sends(basis.redis, earlier.read, basis.owed, rules)
    return Challenges(basis.redis, basis.keyring, sender, testers, sends, basis.owed, debts, rules)


def _sessions(basis: Basis, tokens: Tokens) -> Sessions:
    config = basis.config
    return Sessions(
        SessionStore(basis.database),
        basis.cache,
        Doubts(basis.redis),
        tokens,
        basis.events,
        basis.clock,
        refresh_lifetime=timedelta(seconds=config.refresh_token_seconds),
        session_lifetime=timedelta(seconds=config.session_seconds),
        grace=timedelta(seconds=config.refresh_grace_seconds),
        most=config.max_sessions,
        uncached=Bulkhead(max(1, config.threads // 2)),
    )


def _hashing_rules(config: Config) -> HashingRules:
    return HashingRules(
        memory_kib=config.argon2_memory_kib,
        iterations=config.argon2_iterations,
        lanes=config.argon2_lanes,
        places=config.hash_places,
        queue=config.hash_queue,
        patience=config.hash_patience_seconds,
    )


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
