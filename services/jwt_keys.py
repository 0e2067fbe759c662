"""Keys that sign JWTs: each has one algorithm, and a public half that other services find by its name."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from jwt.utils import base64url_encode

ARMOUR = re.compile(r"-----[A-Z ]+-----|\\n|\s")
# RFC 9068, 2.1: so nobody takes another kind of JWT for an access token.
TYPE = "at+jwt"


@dataclass(frozen=True)
class JwtKey:
    """A private key, the one algorithm it is used with, and the members of its public half (RFC 7517)."""

    private: Ed25519PrivateKey | EllipticCurvePrivateKey
    algorithm: str
    public_members: dict[str, str]

    @cached_property
    def kid(self) -> str:
        """Its name: the thumbprint of RFC 7638."""
        text = json.dumps(self.public_members, separators=(",", ":"), sort_keys=True)
        return base64url_encode(hashlib.sha256(text.encode()).digest()).decode()

    @cached_property
    def jwk(self) -> dict[str, str]:
        """What is published."""
        return {**self.public_members, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @cached_property
    def header(self) -> str:
        """The header of every token of this key, letter by letter."""
        return self.sign({}).partition(".")[0]

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT."""
        headers = {"kid": self.kid, "typ": TYPE}
        return jwt.encode(claims, self.private, self.algorithm, headers, sort_headers=True)


def read_jwt_key(text: str) -> JwtKey:
    """The Ed25519 or P-256 key of a PEM (PKCS 8), with or without its first and last line; raises ``ValueError``."""
    try:
        private = load_der_private_key(base64.b64decode(ARMOUR.sub("", text), validate=True), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("no private key without a password") from None
    if isinstance(private, Ed25519PrivateKey):
        return JwtKey(private, "EdDSA", OKPAlgorithm.to_jwk(private.public_key(), as_dict=True))
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return JwtKey(private, "ES256", ECAlgorithm.to_jwk(private.public_key(), as_dict=True))
    raise ValueError("neither Ed25519 nor P-256")
