"""The settings of tokens: their keys, their form, and which services may ask about them."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from environs import Env

from api.bad_setting import BadSetting
from api.config_values import listed
from services.jwt_keys import JwtKey, read_jwt_key

ITSDANGEROUS, JWT = "itsdangerous", "jwt"
SHORTEST_SECRET = 32
HOW_TO_MAKE_ONE = "make one by: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0"
# Letters that neither a form nor a list by commas writes in another way (RFC 6749, 2.3.1 has both encoded as in a form).
CLIENT = re.compile(r"[A-Za-z0-9._-]+:([A-Za-z0-9._-]+)")


def read_secret_keys(env: Env, instance: Path, in_production: bool) -> tuple[str, ...]:
    """The keys of ``SECRET_KEYS``; in development, the one of this folder."""
    given = tuple(listed(env.str("SECRET_KEYS", "")))
    if given or in_production:
        return given
    return (_kept(instance / "secret_key", lambda: f"development-{secrets.token_urlsafe(32)}", "SECRET_KEYS"),)


def read_token_format(env: Env) -> str:
    """How access tokens are written; raises ``BadSetting``."""
    word = env.str("TOKEN_FORMAT", ITSDANGEROUS)
    if word not in (ITSDANGEROUS, JWT):
        raise BadSetting(f"TOKEN_FORMAT is '{word}'; it is itsdangerous or jwt.")
    return word


def read_jwt_keys(env: Env, token_format: str, instance: Path, in_production: bool) -> tuple[JwtKey, ...]:
    """The keys of ``JWT_KEYS``; in development, the one of this folder. Raises ``BadSetting``, which repeats no key."""
    texts = listed(env.str("JWT_KEYS", ""))
    kept = instance / "jwt_key.pem"
    if not texts and not in_production and (token_format == JWT or kept.exists()):
        texts = [_kept(kept, _new_pem, "JWT_KEYS")]
    if not texts and token_format == JWT:
        raise BadSetting(f"TOKEN_FORMAT is jwt and JWT_KEYS is not set; {HOW_TO_MAKE_ONE}.")
    try:
        return tuple(map(read_jwt_key, texts))
    except ValueError as error:
        raise BadSetting(f"JWT_KEYS has a key that can't be used: {error}; {HOW_TO_MAKE_ONE}.") from None


def read_clients(env: Env, in_production: bool) -> tuple[str, ...]:
    """The services of ``INTROSPECTION_CLIENTS``; raises ``BadSetting``, which repeats no secret."""
    clients = tuple(listed(env.str("INTROSPECTION_CLIENTS", "")))
    found = [CLIENT.fullmatch(client) for client in clients]
    if not all(found):
        raise BadSetting(
            "INTROSPECTION_CLIENTS is a list of name:secret, each of letters, digits, dots, - and _; "
            "for a secret: openssl rand -hex 32."
        )
    if in_production and any(match and len(match[1]) < SHORTEST_SECRET for match in found):
        raise BadSetting(
            f"INTROSPECTION_CLIENTS has a secret shorter than {SHORTEST_SECRET} characters: openssl rand -hex 32."
        )
    return clients


def _new_pem() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _kept(path: Path, make: Callable[[], str], setting: str) -> str:
    """What is kept in a file of this folder, made on the first run; of several first runs at once, one makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = path.with_suffix(f".{os.getpid()}")
        whole.touch(mode=0o600)
        whole.write_text(f"{make().strip()}\n", encoding="utf-8")
        with suppress(FileExistsError):
            os.link(whole, path)
        whole.unlink()
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise BadSetting(f"{path} is empty; delete it, or set {setting}.")
    return text
