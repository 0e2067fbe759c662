"""How often a phone gets a message: its windows in Redis, taken together with the challenge that a message is for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.errors import CodeExpired, Later, RateLimited, SmsCooldown, SmsDailyLimit, SmsHourlyLimit
from services.owed import Owed, undoing_if_lost
from services.scripts import RedisClient, load_script

TAG_LENGTH = 16
SMS_ID = re.compile(rf"[A-Za-z0-9_-]{{22}}[0-9a-f]{{{TAG_LENGTH}}}")
REFUSALS: dict[str, type[Later]] = {cls.code: cls for cls in (SmsCooldown, SmsHourlyLimit, SmsDailyLimit, RateLimited)}
MARK = "counting"
DAY_MS = 86_400_000
# Of a phone (its pseudonym): the messages sent within a day, as (id, age in milliseconds).
Earlier = Callable[[str], list[tuple[str, int]]]


@dataclass(frozen=True)
class ChallengeRules:
    """How often and how long; times in seconds, 0 for no limit on sends."""

    cooldown: int
    per_hour: int
    per_day: int
    lifetime: int
    attempts: int
    wrong_guesses_per_day: int
    regions: frozenset[str]


class Sends:
    """A phone's messages by their times. For a day after Redis may have lost some, ``earlier`` says what was sent.

    Both call a message by the same id, so that one which Redis still has is not counted twice.
    """

    def __init__(self, redis: RedisClient, earlier: Earlier, owed: Owed, rules: ChallengeRules) -> None:
        self._redis = redis
        self._earlier = earlier
        self._owed = owed
        self._rules = rules
        self._claim_send = load_script(redis, "claim_send")
        self._counts_lately = load_script(redis, "counts_lately")

    def claim(self, sms_id: str, message_id: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """Take one message and keep the new challenge of ``fields``, or find the one to send again; its milliseconds, and what is sealed.

        Raises ``CodeExpired``, ``SmsCooldown`` and its kin.
        """
        if not SMS_ID.fullmatch(sms_id):
            raise CodeExpired
        with undoing_if_lost(lambda: self.give_back(sms_id, message_id, new=bool(fields))):
            verdict, number, *kept = self._claim(sms_id, message_id, fields)
        raise_refusal(verdict, number)
        return number, kept[0].decode()

    def give_back(self, sms_id: str, message_id: str, new: bool) -> None:
        """Nothing was sent, so nothing counts, as soon as Redis knows; a ``new`` challenge goes with it."""

        def give_back() -> None:
            with self._redis.pipeline() as pipeline:
                pipeline.zrem(sends_key(phone_pseudonym(sms_id)), message_id)
                if new:
                    pipeline.delete(challenge_key(sms_id))
                pipeline.execute()

        self._owed.settle(f"give_back:{message_id}", self._rules.lifetime, give_back)

    def _claim(self, sms_id: str, message_id: str, fields: Mapping[str, str]) -> list[Any]:
        rules, phone = self._rules, phone_pseudonym(sms_id)
        earlier = self._sent_earlier(phone)
        claimed: list[Any] = self._claim_send(
            keys=[sends_key(phone), challenge_key(sms_id)],
            args=[
                rules.cooldown,
                rules.per_hour,
                rules.per_day,
                message_id,
                rules.attempts,
                rules.lifetime if fields else 0,
                len(earlier),
                *(part for pair in earlier for part in pair),
                *(part for pair in fields.items() for part in pair),
            ],
        )
        return claimed

    def _sent_earlier(self, phone: str) -> list[tuple[str, int]]:
        """What the phone's Redis may not know of, as it began to count, or became primary, less than a day ago."""
        reign = self._redis.reign(sends_key(phone))
        return self._earlier(phone) if self._counts_lately(keys=[f"{MARK}:{reign}"], args=[DAY_MS]) else []


def raise_refusal(verdict: bytes, wait_ms: int) -> None:
    """What a script refused, if it did; raises ``CodeExpired``, ``SmsCooldown`` and its kin, or ``RateLimited``."""
    name = verdict.decode()
    if name == CodeExpired.code:
        raise CodeExpired
    if name in REFUSALS:
        raise REFUSALS[name](retry_after=wait_ms / 1000)


def phone_pseudonym(sms_id: str) -> str:
    """The name of the phone that a challenge belongs to, as its id carries it."""
    return sms_id[-TAG_LENGTH:]


def sends_key(pseudonym: str) -> str:
    """Where the times of a phone's messages are."""
    return f"sms:{{{pseudonym}}}:sends"


def guesses_key(pseudonym: str) -> str:
    """Where the times of a phone's wrong guesses are."""
    return f"sms:{{{pseudonym}}}:wrong"


def challenge_key(sms_id: str) -> str:
    """Where a challenge is."""
    return f"sms:{{{phone_pseudonym(sms_id)}}}:{sms_id[:-TAG_LENGTH]}"
