"""Access tokens in both of their forms, and the service that asks about them."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.jwt_keys import JwtKey, read_jwt_key
from tests.clients import Client, Reply
from tests.secrecy import SEEN
from tests.settings import SERVICE, SERVICE_SECRET

AS_JWT = pytest.param("jwt", marks=pytest.mark.one_database)
# By module: a live server is started anew once for each.
both_formats = pytest.mark.parametrize("token_format", ["itsdangerous", AS_JWT], scope="module")


def setting_of(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """As it is written in ``JWT_KEYS``."""
    return base64.b64encode(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def key_of(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> JwtKey:
    """As the server reads it from its settings."""
    return read_jwt_key(setting_of(private))


OLD, NEW = (ed25519.Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
OLD_KEY, NEW_KEY = key_of(OLD), key_of(NEW)
P256_KEY = key_of(ec.derive_private_key(12345, ec.SECP256R1()))


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


AS_SERVICE = basic(SERVICE, SERVICE_SECRET)


def introspect(client: Client, token: str, **options: Any) -> Reply:
    """Ask as the service of the tests, whose secret must lie nowhere."""
    SEEN.note("token", SERVICE_SECRET)
    return client.post("/v1/token/introspect", json={"token": token}, **{"headers": AS_SERVICE} | options)


def part(token: str, index: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a JWT, read as anybody may."""
    text = token.split(".")[index]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


def encoded(value: Any) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
