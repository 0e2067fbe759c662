"""Proof of work: challenges that cost a client seconds to solve and us nothing to check (ALTCHA's protocol, version 2).

ALTCHA's widget solves them in a browser, its libraries elsewhere: https://altcha.org/docs/v2/proof-of-work-captcha.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from altcha import Payload, create_challenge, verify_solution

from services.clock import Clock
from services.keyring import Keyring

ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 1000
# How many keys of ROUNDS rounds a client derives at most, by level; half of them on average. 1.2 million rounds take two slow
# cores of a phone, of 300,000 rounds a second each, two seconds: docs/proof-of-work.md.
TRIES = {1: 200, 2: 500, 3: 1200}
EASIEST, HARDEST = min(TRIES), max(TRIES)
LIFETIME = 300
# How far the clocks of two nodes may be apart.
LEEWAY = 60
LONGEST_PAYLOAD = 2048


@dataclass(frozen=True)
class Solution:
    """Work that was done: how hard it was, by which name it is spent, and for how many seconds that must be remembered."""

    level: int
    name: str
    remembered: int


class ProofOfWork:
    """Challenges are signed and kept nowhere. Each is for one network: the key that signs is derived for it.

    The counter to find is drawn by us, so the work of a level has an upper bound, and checking costs one HMAC.
    """

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def issue(self, network: str, level: int) -> dict[str, Any]:
        """A challenge for a network, as ALTCHA's widget takes it."""
        signing, sealing = self._secrets(network)[0]
        challenge = create_challenge(
            ALGORITHM,
            ROUNDS,
            counter=secrets.randbelow(TRIES[level]),
            expires_at=self._now() + LIFETIME,
            data={"level": level},
            hmac_secret=signing,
            hmac_key_secret=sealing,
        )
        return challenge.to_dict()

    def read(self, payload: str, network: str) -> Solution | None:
        """The solution in a widget's payload; None for whatever else it may be, and for what another network solved."""
        if not 0 < len(payload) <= LONGEST_PAYLOAD:
            return None
        for signing, sealing in self._secrets(network):
            if verify_solution(payload, signing, hmac_key_secret=sealing).verified:
                return self._solution(Payload.from_base64(payload))
        return None

    def _solution(self, payload: Payload) -> Solution | None:
        """What we signed: only its signature names it, as a payload has many spellings. To the signature 1.0 is 1, to Redis it is not."""
        parameters, name = payload.challenge.parameters, payload.challenge.signature
        left = int(parameters.expires_at or 0) - self._now()
        if left <= 0 or name is None or parameters.data is None:
            return None
        return Solution(int(parameters.data["level"]), name[:32], left + LEEWAY)

    def _secrets(self, network: str) -> list[tuple[str, str]]:
        """Two for each of our keys, the newest first."""
        digests = (self._keyring.checks(f"proof of work {i}", network) for i in range(2))
        return list(zip(*digests, strict=True))

    def _now(self) -> int:
        return int(self._clock().timestamp())
