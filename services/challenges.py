"""SMS codes: sent with care, redeemed once."""

import json
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from redis.exceptions import RedisError

from services.debts import Debts
from services.errors import CodeExpired, CodeIncorrect, Invalid, ServiceError, ServiceUnavailable
from services.ids import new_id
from services.keyring import Keyring
from services.owed import Owed, undoing_if_lost
from services.phones import mask_phone, region_of
from services.request_ids import current_request_id
from services.scripts import RedisClient, load_script
from services.sender import Sender
from services.sends import (
    SMS_ID,
    ChallengeRules,
    Sends,
    challenge_key,
    guesses_key,
    phone_pseudonym,
    raise_refusal,
)
from services.tester_numbers import TesterNumbers
from services.texts import code_text
from sms.gateway import Message

CODE_LENGTH = 6
TESTER = "tester"


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
        self,
        redis: RedisClient,
        keyring: Keyring,
        sender: Sender,
        testers: TesterNumbers,
        sends: Sends,
        owed: Owed,
        debts: Debts,
        rules: ChallengeRules,
    ) -> None:
        self._keyring = keyring
        self._sender = sender
        self._testers = testers
        self._sends = sends
        self._owed = owed
        self._debts = debts
        self._rules = rules
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
        guess = secrets.token_hex(8)
        challenge = self._redeem(sms_id, code, purposes, subject, guess)
        try:
            yield Proof(challenge.phone, challenge.purpose)
        except Exception as error:
            if keep_on_refusal or isinstance(error, ServiceUnavailable) or not isinstance(error, ServiceError):
                self._reopen(sms_id, guess)
            else:
                self._note_verified(sms_id, challenge)
            raise
        self._note_verified(sms_id, challenge)

    def _note_verified(self, sms_id: str, challenge: _Challenge) -> None:
        """Nothing was sent to a tester, so nothing arrived; but it was asked for."""
        self._debts.verified(phone_pseudonym(sms_id))
        if not challenge.is_tester_s:
            self._sender.verified(sms_id, challenge.phone)

    def _deliver(self, sms_id: str, language: str, fields: dict[str, str]) -> SentCode:
        message_id = new_id()
        left_ms, sealed = self._sends.claim(sms_id, message_id, fields)
        expires_in = left_ms // 1000
        try:
            challenge = self._open(sms_id, sealed)
            if not challenge.is_tester_s:
                # Sending again needs no token, so the budgets may refuse it.
                trusted = bool(challenge.subject and fields)
                self._sender.send(_message(sms_id, message_id, challenge, expires_in, language), trusted)
        except (ServiceError, RedisError):
            self._sends.give_back(sms_id, message_id, new=bool(fields))
            raise
        phone = mask_phone(challenge.phone)
        return SentCode(sms_id, phone, challenge.purpose, CODE_LENGTH, expires_in, self._rules.cooldown)

    def _redeem(self, sms_id: str, code: str, purposes: Collection[str], subject: str, guess: str) -> _Challenge:
        """What the code was for. A right guess whose verdict got lost on its way leaves the code good; a wrong one counts."""
        if not SMS_ID.fullmatch(sms_id):
            raise CodeExpired
        with undoing_if_lost(lambda: self._reopen(sms_id, guess)):
            verdict, detail = self._redeem_code(
                keys=[challenge_key(sms_id), guesses_key(phone_pseudonym(sms_id))],
                args=[
                    self._rules.attempts,
                    self._rules.wrong_guesses_per_day,
                    f",{','.join(purposes)},",
                    subject,
                    guess,
                    *self._keyring.checks(sms_id, code),
                ],
            )
        if verdict == b"code_incorrect":
            raise CodeIncorrect(attempts_left=detail)
        raise_refusal(verdict, detail)
        challenge = self._open(sms_id, detail.decode())
        if challenge.purpose not in purposes or challenge.subject != subject:
            raise CodeExpired
        return challenge

    def _reopen(self, sms_id: str, guess: str) -> None:
        """At once, or when Redis is back."""

        def reopen() -> None:
            self._reopen_challenge(keys=[challenge_key(sms_id)], args=[guess])

        self._owed.settle(f"reopen:{guess}", self._rules.lifetime, reopen)

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


def _message(sms_id: str, message_id: str, challenge: _Challenge, expires_in: int, language: str) -> Message:
    return Message(
        sms_id,
        challenge.phone,
        challenge.purpose,
        challenge.code,
        code_text(challenge.purpose, challenge.code, expires_in, language),
        language,
        expires_in,
        request_id=current_request_id(),
        counted_as=message_id,
    )
