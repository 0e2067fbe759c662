"""Who is let through to a costly act at once, and who does work for it first."""

from structlog.typing import FilteringBoundLogger

from services.debts import Act, Claim, Debts
from services.errors import ChallengeRequired
from services.proof_of_work import ProofOfWork


class Admission:
    """Debts say how much work."""

    def __init__(self, debts: Debts, work: ProofOfWork, log: FilteringBoundLogger) -> None:
        self._debts = debts
        self._work = work
        self._log = log

    def admit(self, act: Act, network: str, payload: str, least: int = 0) -> Claim:
        """Count ``act``, of somebody in ``network``; ``payload`` is a solution as the widget gives it, or anything else.

        Raises ``ChallengeRequired`` with a challenge where work is to be done first. ``least`` is the level asked for in any case.
        """
        verdict = self._debts.weigh(act, least, self._work.read(payload, network))
        if verdict.claim is None:
            self._log.debug("work_weighed", kind=act.kind, decision="asked")
            raise ChallengeRequired(challenge=self._work.issue(network, verdict.level))
        self._log.debug("work_weighed", kind=act.kind, decision="done" if verdict.claim.spent else "free")
        return verdict.claim
