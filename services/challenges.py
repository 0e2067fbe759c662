"""SMS codes: sent with care, redeemed once."""

import json
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from redis.exceptions import RedisError

from services.errors import (
    CodeExpired,
    CodeIncorrect,
    Invalid,
    Later,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
    SmsCooldown,
    SmsDailyLimit,
    SmsHourlyLimit,
)
from services.keyring import Keyring
from services.phones import mask_phone, region_of
from services.request_ids import current_request_id
from services.scripts import RedisClient, load_script
from services.sender import Sender
from services.tester_numbers import TesterNumbers
from services.texts import code_text
from sms.gateway import Message

CODE_LENGTH = 6
TAG_LENGTH = 16
TESTER = "tester"
SMS_ID = re.compile(rf"[A-Za-z0-9_-]{{22}}[0-9a-f]{{{TAG_LENGTH}}}")
REFUSALS: dict[str, type[Later]] = {cls.code: cls for cls in (SmsCooldown, SmsHourlyLimit, SmsDailyLimit, RateLimited)}


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


@dataclass(frozen=True)
class SentCode:
    """What the sender of a code may know; ``phone`` is masked, times are in seconds."""

    sms_id: str
    phone: str
    purpose: str
    code_length: int
    expires_in: int
    resend_after: int


@dataclass(frozen=True)
class Proof:
    """Whoever redeemed a code holds ``phone`` (E.164)."""

    phone: str
    purpose: str


@dataclass(frozen=True)
class _Challenge:
    """What is sealed; nothing is sent for one that began as a tester's, whatever day it is by now."""

    purpose: str
    subject: str
    phone: str
    code: str
    is_tester_s: bool


class Challenges:
    """Challenges live in Redis only. All keys of a phone share one cluster slot, by its pseudonym.

    Kept of a code is a keyed digest to compare with, and the code sealed so that a resend can carry it.
    """

    def __init__(
        self, redis: RedisClient, keyring: Keyring, sender: Sender, testers: TesterNumbers, rules: ChallengeRules
    ) -> None:
        self._redis = redis
        self._keyring = keyring
        self._sender = sender
        self._testers = testers
        self._rules = rules
        self._claim_send = load_script(redis, "claim_send")
        self._redeem_code = load_script(redis, "redeem_code")
        self._reopen_challenge = load_script(redis, "reopen_challenge")

    def send(self, phone: str, purpose: str, language: str, subject: str = "") -> SentCode:
        """Send a new code to ``phone``; ``subject`` binds it to an account.

        Raises ``Invalid`` for a region that is not served, ``SmsCooldown`` and its kin, ``SmsUnavailable``.
        """
        if region_of(phone) not in self._rules.regions:
            raise Invalid(phone="phone_region")
        sms_id = secrets.token_urlsafe(16) + self._keyring.pseudonym(phone)
        fixed = self._testers.code_for(phone)
        code = fixed or f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
        fields = {
            "state": "open",
            "purpose": purpose,
            "subject": subject,
            "attempts": "0",
            "check": self._keyring.checks(sms_id, code)[0],
            "sealed": self._keyring.seal(
                json.dumps([sms_id, purpose, subject, phone, code, *([TESTER] if fixed else [])])
            ),
        }
        return self._deliver(sms_id, language, fields)

    def resend(self, sms_id: str, language: str) -> SentCode:
        """Send the same code again while it lives; it counts like a send. Raises as ``send``, and ``CodeExpired``."""
        return self._deliver(sms_id, language, {})

    @contextmanager
    def redeem(
        self, sms_id: str, code: str, purposes: Collection[str], subject: str = "", keep_on_refusal: bool = False
    ) -> Iterator[Proof]:
        """Use a code up for what happens inside the block; a failure of ours in there leaves the code good.

        With ``keep_on_refusal`` any refusal in there does, as where the shopper's next try is to mend another field.

        Raises ``CodeExpired``, ``CodeIncorrect`` or ``RateLimited``.
        """
        challenge = self._redeem(sms_id, code, purposes, subject)
        try:
            yield Proof(challenge.phone, challenge.purpose)
        except Exception as error:
            if keep_on_refusal or isinstance(error, ServiceUnavailable) or not isinstance(error, ServiceError):
                self._reopen_challenge(keys=[_challenge_key(sms_id)])
            else:
                self._note_verified(sms_id, challenge)
            raise
        self._note_verified(sms_id, challenge)

    def _note_verified(self, sms_id: str, challenge: _Challenge) -> None:
        """Nothing was sent to a tester, so nothing arrived."""
        if not challenge.is_tester_s:
            self._sender.verified(sms_id, challenge.phone)

    def _deliver(self, sms_id: str, language: str, fields: dict[str, str]) -> SentCode:
        message_id = secrets.token_hex(8)
        left_ms, sealed = self._claim(sms_id, message_id, fields)
        expires_in = left_ms // 1000
        try:
            challenge = self._open(sms_id, sealed)
            if not challenge.is_tester_s:
                # Sending again needs no token, so the budgets may refuse it.
                trusted = bool(challenge.subject and fields)
                self._sender.send(_message(sms_id, challenge, expires_in, language), trusted)
        except (ServiceError, RedisError):
            self._give_back(sms_id, message_id, new=bool(fields))
            raise
        phone = mask_phone(challenge.phone)
        return SentCode(sms_id, phone, challenge.purpose, CODE_LENGTH, expires_in, self._rules.cooldown)

    def _claim(self, sms_id: str, message_id: str, fields: dict[str, str]) -> tuple[int, str]:
        if not SMS_ID.fullmatch(sms_id):
            raise CodeExpired
        rules = self._rules
        verdict, number, *kept = self._claim_send(
            keys=[sends_key(phone_pseudonym(sms_id)), _challenge_key(sms_id)],
            args=[
                rules.cooldown,
                rules.per_hour,
                rules.per_day,
                message_id,
                rules.attempts,
                rules.lifetime if fields else 0,
                *(part for pair in fields.items() for part in pair),
            ],
        )
        _raise_refusal(verdict, number)
        return number, kept[0].decode()

    def _give_back(self, sms_id: str, message_id: str, new: bool) -> None:
        """Nothing was sent, so nothing counts."""
        with self._redis.pipeline() as pipeline:
            pipeline.zrem(sends_key(phone_pseudonym(sms_id)), message_id)
            if new:
                pipeline.delete(_challenge_key(sms_id))
            pipeline.execute()

    def _redeem(self, sms_id: str, code: str, purposes: Collection[str], subject: str) -> _Challenge:
        if not SMS_ID.fullmatch(sms_id):
            raise CodeExpired
        rules = self._rules
        verdict, detail = self._redeem_code(
            keys=[_challenge_key(sms_id), guesses_key(phone_pseudonym(sms_id))],
            args=[
                rules.attempts,
                rules.wrong_guesses_per_day,
                f",{','.join(purposes)},",
                subject,
                secrets.token_hex(8),
                *self._keyring.checks(sms_id, code),
            ],
        )
        if verdict == b"code_incorrect":
            raise CodeIncorrect(attempts_left=detail)
        _raise_refusal(verdict, detail)
        challenge = self._open(sms_id, detail.decode())
        if challenge.purpose not in purposes or challenge.subject != subject:
            raise CodeExpired
        return challenge

    def _open(self, sms_id: str, sealed: str) -> _Challenge:
        """What was sealed for this challenge, and for no other.

        A challenge whose key was taken away, or that somebody put together inside Redis, is over.
        """
        try:
            sealed_for, purpose, subject, phone, code, *rest = json.loads(self._keyring.unseal(sealed))
        except InvalidToken:
            raise CodeExpired from None
        if sealed_for != sms_id:
            raise CodeExpired
        return _Challenge(purpose, subject, phone, code, is_tester_s=TESTER in rest)


def _message(sms_id: str, challenge: _Challenge, expires_in: int, language: str) -> Message:
    text = code_text(challenge.purpose, challenge.code, expires_in, language)
    request_id = current_request_id()
    return Message(
        sms_id, challenge.phone, challenge.purpose, challenge.code, text, language, expires_in, request_id=request_id
    )


def phone_pseudonym(sms_id: str) -> str:
    """The name of the phone that a challenge belongs to, as its id carries it."""
    return sms_id[-TAG_LENGTH:]


def _raise_refusal(verdict: bytes, wait_ms: int) -> None:
    name = verdict.decode()
    if name == CodeExpired.code:
        raise CodeExpired
    if name in REFUSALS:
        raise REFUSALS[name](retry_after=wait_ms / 1000)


def sends_key(pseudonym: str) -> str:
    """Where the times of a phone's messages are."""
    return f"sms:{{{pseudonym}}}:sends"


def guesses_key(pseudonym: str) -> str:
    """Where the times of a phone's wrong guesses are."""
    return f"sms:{{{pseudonym}}}:wrong"


def _challenge_key(sms_id: str) -> str:
    return f"sms:{{{phone_pseudonym(sms_id)}}}:{sms_id[:-TAG_LENGTH]}"
