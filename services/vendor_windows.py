"""The vendors' own limits of a number, mirrored: nobody pays to be refused."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.clock import Clock
from services.keyring import Keyring
from services.owed import Owed, undoing_if_lost
from services.scripts import RedisClient, load_script
from sms.gateway import Reason

CHINESE_DAY = 0
DAY, CHINA = 86400, 8 * 3600


@dataclass(frozen=True)
class Window:
    """``limit`` messages to a number in ``seconds``, or in a calendar day of China."""

    limit: int
    seconds: int
    reason: Reason


@dataclass(frozen=True)
class Claim:
    """A message taken out of the windows, if there are any, to be given back when nothing was sent; or the window that is full."""

    key: str
    member: str
    full: Reason | None = None
    wait: float = 0


class VendorWindows:
    """Counts in Redis, for each gateway and number."""

    def __init__(
        self, redis: RedisClient, owed: Owed, keyring: Keyring, windows: Mapping[str, Sequence[Window]], clock: Clock
    ) -> None:
        self._redis = redis
        self._owed = owed
        self._clock = clock
        self._keyring = keyring
        self._windows = windows
        self._claim_windows = load_script(redis, "claim_windows")

    def claim(self, gateway: str, phone: str) -> Claim:
        """Take one message to ``phone`` (E.164); ``full`` says why not."""
        windows = self._windows.get(gateway, ())
        if not windows:
            return Claim("", "")
        claim = Claim(f"vendor:{gateway}:{{{self._keyring.pseudonym(phone)}}}", secrets.token_hex(8))
        arguments = [part for w in windows for part in (w.limit, w.seconds * 1000, w.reason.value)]
        with undoing_if_lost(lambda: self.give_back(claim)):
            refusal = self._claim_windows(keys=[claim.key], args=[claim.member, *arguments])
        if not refusal:
            return claim
        return Claim(claim.key, claim.member, Reason(refusal[0].decode()), refusal[1] / 1000)

    def give_back(self, claim: Claim) -> None:
        """Nothing was sent, so nothing counts, as soon as Redis knows."""
        if claim.member:
            self._owed.settle(f"window:{claim.member}", DAY, lambda: self._redis.zrem(claim.key, claim.member))

    def longest_wait(self, gateway: str, reason: Reason) -> float | None:
        """When the vendor refused for ``reason``: after how many seconds it does so no longer, as far as we know its windows."""
        waits = [self._length(window) for window in self._windows.get(gateway, ()) if window.reason is reason]
        return max(waits, default=None)

    def _length(self, window: Window) -> float:
        if window.seconds == CHINESE_DAY:
            return DAY - (self._clock().timestamp() + CHINA) % DAY
        return window.seconds
