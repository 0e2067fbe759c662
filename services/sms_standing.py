"""Where a phone stands with our own limits, and gateways with their breakers: for whoever asks why no code came."""

from collections.abc import Collection
from dataclasses import dataclass

from services.breakers import left_alone
from services.keyring import Keyring
from services.scripts import RedisClient
from services.sends import guesses_key, sends_key

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True)
class Standing:
    """Messages of the last hour and of 24 hours, wrong guesses of 24 hours, and the gateways left alone, in seconds.

    ``last`` is how many seconds ago the newest message was, None without one.
    """

    in_hour: int
    in_day: int
    last: float | None
    wrong_guesses: int
    left_alone: dict[str, float]


class SmsStanding:
    """Looks, and changes nothing."""

    def __init__(self, redis: RedisClient, keyring: Keyring, gateways: Collection[str]) -> None:
        self._redis = redis
        self._keyring = keyring
        self._gateways = gateways

    def look(self, phone: str) -> Standing:
        """How ``phone`` (E.164) stands now."""
        seconds, microseconds = self._redis.time()
        now = seconds * 1000 + microseconds // 1000
        name = self._keyring.pseudonym(phone)
        sends = [at for _, at in self._redis.zrangebyscore(sends_key(name), now - DAY_MS, "+inf", withscores=True)]
        waits = {gateway: left_alone(self._redis, gateway) for gateway in self._gateways}
        return Standing(
            in_hour=sum(at > now - HOUR_MS for at in sends),
            in_day=len(sends),
            last=(now - max(sends)) / 1000 if sends else None,
            wrong_guesses=self._redis.zcount(guesses_key(name), now - DAY_MS, "+inf"),
            left_alone={gateway: wait for gateway, wait in waits.items() if wait},
        )
