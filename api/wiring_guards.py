"""Builds what stands before costly acts: limits, and the work that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask_limiter import Limiter

from api.config import ALWAYS
from api.limit_windows import LimitWindows
from api.redis_address import is_redis
from api.wiring_basis import Basis
from services.admission import Admission
from services.budgets import Budgets
from services.circuit import Circuit
from services.debts import Debts
from services.limit_hits import LimitHits
from services.proof_of_work import EASIEST, ProofOfWork
from services.scripts import load_script

# Of ten logins, how many usually succeed: people mistype. Under alarm fewer than half of that do.
USUAL_LOGINS = 0.8


@dataclass(frozen=True, kw_only=True)
class GuardServices:
    """What ``api/guards.py`` asks."""

    limit_windows: LimitWindows
    limit_hits: LimitHits
    debts: Debts
    work: ProofOfWork
    admission: Admission


def build_guards(basis: Basis, limiter: Limiter, budgets: Budgets | None) -> GuardServices:
    """``budgets`` know how many messages are usually verified."""
    limit_hits = LimitHits(basis.database, basis.clock)
    everybodys = EASIEST if basis.config.challenge == ALWAYS else 0
    debts = Debts(basis.redis, _usual_shares(budgets), basis.clock, structlog.get_logger(), everybodys)
    work = ProofOfWork(basis.keyring, basis.clock)
    return GuardServices(
        limit_windows=_limit_windows(basis, limiter, limit_hits),
        limit_hits=limit_hits,
        debts=debts,
        work=work,
        admission=Admission(debts, work, structlog.get_logger()),
    )


def _limit_windows(basis: Basis, limiter: Limiter, hits: LimitHits) -> LimitWindows:
    """Redis is left alone by its client when it is away, any other storage by a circuit."""
    config = basis.config
    if config.ratelimit_storage_uri.startswith("memory"):
        structlog.get_logger().warning(
            "limits_count_per_process",
            workers=config.workers,
            hint="each worker counts for itself; RATELIMIT_STORAGE_URI may be a Redis or memcached",
        )
    uri = config.ratelimit_storage_uri
    circuit = None if is_redis(uri) else Circuit()
    at_once = uri == config.redis_url and config.ratelimit_strategy == "moving-window"
    script = load_script(basis.redis, "hit_windows") if at_once else None
    return LimitWindows(limiter, config.ratelimit_strategy, hits, basis.keyring, circuit, script)


def _usual_shares(budgets: Budgets | None) -> dict[str, Callable[[], float]]:
    """Of what is let through, how much is usually made good: of messages, as the last weeks were."""
    return {"sms": budgets.usual_share if budgets else lambda: 1.0, "login": lambda: USUAL_LOGINS}
