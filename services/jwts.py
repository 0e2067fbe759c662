"""JWTs with an age (RFC 7519, 9068): what ``services/signing.py`` is, in a form that other services verify by themselves."""

from collections.abc import Sequence
from typing import Any

import jwt
from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from services.clock import Clock
from services.ids import is_id, new_id
from services.jwt_keys import JwtKey
from services.signing import CLOCK_SKEW_SECONDS, MAX_LENGTH, Expired, Forged

# Every JWT begins with an object's brace and quotation mark in base64; nothing else of ours does.
BEGINNING = "eyJ"
# Times are checked here, with the clock that is handed in.
CHECKS: Any = {"verify_exp": False, "verify_iat": False, "require": ["iss", "aud", "sub", "jti", "sid"]}
NUMBERS = ("iat", "exp", "credential_version")
IDS = ("sub", "sid")


class Jwts:
    """Signs and reads JWTs of one issuer for one audience: the last key signs, all of them verify.

    A header is taken only if it is, letter by letter, what one of the keys writes. So the key and its algorithm are known
    before anything of a token is believed, and there is no ``none``, no other key's algorithm, no address of a key to fetch.
    """

    def __init__(self, keys: Sequence[JwtKey], clock: Clock, issuer: str, audience: str) -> None:
        self.issuer = issuer
        self.audience = audience
        self.jwks = {"keys": [key.jwk for key in {key.kid: key for key in keys}.values()]}
        self._keys = {key.header: (key.private.public_key(), [key.algorithm]) for key in keys}
        self._newest = keys[-1] if keys else None
        self._clock = clock

    def sign(self, claims: dict[str, Any], lifetime: int, ends_at: int) -> str:
        """``claims`` for ``lifetime`` seconds, or until ``ends_at`` (Unix seconds) if that is sooner."""
        if self._newest is None:
            raise RuntimeError("no key to sign with")
        now = int(self._clock().timestamp())
        stamps = {"iat": now, "exp": min(now + lifetime, ends_at), "jti": new_id()}
        return self._newest.sign({"iss": self.issuer, "aud": self.audience, **claims, **stamps})

    def read(self, text: str, max_age: int) -> dict[str, Any]:
        """The claims of a JWT at most ``max_age`` seconds old; ``exp`` is never later. Raises ``Expired`` or ``Forged``."""
        claims = self._verify(text)
        now = int(self._clock().timestamp())
        expires_at = min(claims["exp"], claims["iat"] + max_age)
        if claims["iat"] > now + CLOCK_SKEW_SECONDS:
            raise Forged
        if expires_at < now:
            raise Expired
        return claims | {"exp": expires_at}

    def _verify(self, text: str) -> dict[str, Any]:
        key, algorithms = self._keys.get(text.partition(".")[0], (None, []))
        if key is None or len(text) > MAX_LENGTH:
            raise Forged
        try:
            # One spelling for each token: base64 overlooks padding, foreign characters and unused bits.
            signature = text.rpartition(".")[2].encode()
            if base64_encode(base64_decode(signature)) != signature:
                raise Forged
            claims = jwt.decode(text, key, algorithms, CHECKS, audience=self.audience, issuer=self.issuer)
        except (jwt.InvalidTokenError, BadData, UnicodeError):
            raise Forged from None
        if not all(isinstance(claims.get(name), int) for name in NUMBERS):
            raise Forged
        if not all(isinstance(claims[name], str) and is_id(claims[name]) for name in IDS):
            raise Forged
        return claims


def looks_like_jwt(text: str) -> bool:
    """Whether a text is meant to be a JWT."""
    return text.startswith(BEGINNING)
