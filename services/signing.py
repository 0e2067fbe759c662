"""Signed texts with an age: the itsdangerous timed serializer with our clock and our tolerance."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes

from services.clock import Clock

CLOCK_SKEW_SECONDS = 30
MAX_LENGTH = 2048


class Expired(Exception):
    """The text was signed by us, too long ago."""


class Forged(Exception):
    """The text was not signed by us for this use, or comes from the future."""


class SignedTexts:
    """Signs and reads texts of one kind. The salt keeps kinds apart; the newest secret signs, all of them verify."""

    def __init__(self, secrets: Sequence[str], kind: str, clock: Clock) -> None:
        self._clock = clock
        self._writer = _serializer(secrets, kind, clock)
        # Reading with a clock that is ahead, and an age that is longer by as much, lets other nodes' clocks be ahead
        # of ours without stretching any lifetime.
        self._reader = _serializer(secrets, kind, lambda: clock() + timedelta(seconds=CLOCK_SKEW_SECONDS))

    def sign(self, payload: Any) -> str:
        """``payload`` (anything JSON) as a URL-safe text."""
        return str(self._writer.dumps(payload))

    def read(self, text: str, max_age: int) -> Any:
        """The payload of a text at most ``max_age`` seconds old; raises ``Expired`` or ``Forged``."""
        return self.read_dated(text, max_age)[0]

    def read_dated(self, text: str, max_age: int) -> tuple[Any, datetime]:
        """The same, and when it was signed."""
        if len(text) > MAX_LENGTH:
            raise Forged
        try:
            payload, signed_at = self._reader.loads(text, max_age=max_age + CLOCK_SKEW_SECONDS, return_timestamp=True)
            return payload, signed_at
        except SignatureExpired as error:
            raise (Forged if _from_the_future(error, self._clock()) else Expired) from None
        except (BadData, UnicodeError):
            raise Forged from None


class _Signer(TimestampSigner):
    """A timestamp signer on a clock that is handed in, with its derived keys kept."""

    def __init__(self, *args: Any, clock: Clock, keys: dict[bytes, bytes], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock
        self._keys = keys

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Accept the one spelling that we write: base64 overlooks padding, foreign characters and unused bits."""
        return super().verify_signature(value, sig) and base64_encode(base64_decode(sig)) == want_bytes(sig)

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = want_bytes(self.secret_keys[-1] if secret_key is None else secret_key)
        if secret not in self._keys:
            self._keys[secret] = super().derive_key(secret)
        return self._keys[secret]


def _serializer(secrets: Sequence[str], kind: str, clock: Clock) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(secrets),
        salt=f"dongbao.{kind}",
        signer=_Signer,
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac", "clock": clock, "keys": {}},
    )


def _from_the_future(error: SignatureExpired, now: datetime) -> bool:
    signed = error.date_signed
    return signed is not None and signed > now.astimezone(UTC)
