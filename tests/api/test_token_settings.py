"""The settings of tokens: a bad one is refused by its name, and no key or secret is repeated."""

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from api.bad_setting import BadSetting
from api.config import SECRET_SETTINGS, read_config
from tests.settings import environment, environment_of

PRODUCTION = {
    "APP_ENV": "production",
    "SMS_GATEWAYS": "webhook",
    "WEBHOOK_URL": "https://sms.example.com/send",
    "WEBHOOK_SECRET": "s" * 32,
}
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


@pytest.fixture
def read(tmp_path):
    """The settings of an environment with these."""

    def read(**settings):
        with environment_of(environment(tmp_path, "", "", **settings)):
            return read_config()

    return read


@pytest.mark.parametrize(
    "command",
    [
        "openssl genpkey -algorithm ed25519 -outform DER | base64 -w0",
        "openssl genpkey -algorithm ed25519",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER | base64 -w0",
    ],
)
def test_a_key_is_made_by_the_commands_of_the_manual(read, command):
    text = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    (first,) = read(JWT_KEYS=text).jwt_keys
    (second,) = read(JWT_KEYS=text.replace("\n", "\\n")).jwt_keys
    assert first.jwk == second.jwk
    assert first.algorithm == ("ES256" if "EC" in command else "EdDSA")


def test_in_development_a_key_is_made_once_and_kept_to_its_owner(read, tmp_path):
    assert read().jwt_keys == ()
    first, second = read(TOKEN_FORMAT="jwt"), read(TOKEN_FORMAT="jwt")
    (kept,) = tmp_path.glob("jwt_key*")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [key.kid for key in first.jwt_keys] == [key.kid for key in second.jwt_keys]
    assert [key.kid for key in read().jwt_keys] == [key.kid for key in first.jwt_keys]


def test_issuer_and_audience_are_the_site_unless_said_otherwise(read):
    site = read(PUBLIC_URL="https://shop.example")
    assert (site.jwt_issuer, site.jwt_audience) == ("https://shop.example", "https://shop.example")
    other = read(PUBLIC_URL="https://shop.example", JWT_ISSUER="https://id.example")
    assert (other.jwt_issuer, other.jwt_audience) == ("https://id.example", "https://id.example")
    assert read(JWT_AUDIENCE="mall").jwt_audience == "mall"


BAD = {
    "no key": {"JWT_KEYS": "c2VjcmV0LXRleHQ="},
    "no base64": {"JWT_KEYS": "secret-text!"},
    "one good, one bad": {"JWT_KEYS": f"{pem(KEY)},secret-text"},
    "RSA": {"JWT_KEYS": pem(rsa.generate_private_key(65537, 2048))},
    "a password": {"JWT_KEYS": pem(KEY, BestAvailableEncryption(b"x"))},
    "another format": {"TOKEN_FORMAT": "JWT"},
    "no secret": {"INTROSPECTION_CLIENTS": "orders"},
    "an empty one": {"INTROSPECTION_CLIENTS": "orders:"},
    "no name": {"INTROSPECTION_CLIENTS": ":secret-text"},
    "a letter that forms write otherwise": {"INTROSPECTION_CLIENTS": "orders:secret-text+"},
    "a short secret": {"INTROSPECTION_CLIENTS": "orders:secret-text", **PRODUCTION},
    "a short one among others": {"INTROSPECTION_CLIENTS": f"orders:{'s' * 32},stock:secret-text", **PRODUCTION},
    "no key in production": {"TOKEN_FORMAT": "jwt", **PRODUCTION},
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_setting_is_named_and_not_repeated(read, bad):
    name, value = next(iter(BAD[bad].items()))
    with pytest.raises(BadSetting) as refused:
        read(**BAD[bad])
    assert str(refused.value).startswith(name)
    assert "secret-text" not in str(refused.value)
    assert name == "TOKEN_FORMAT" or value[-40:] not in str(refused.value)


def test_production_takes_what_is_right(read):
    key = base64.b64encode(KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    config = read(TOKEN_FORMAT="jwt", JWT_KEYS=key, INTROSPECTION_CLIENTS=f"orders:{'s' * 32}", **PRODUCTION)
    assert (config.token_format, len(config.jwt_keys), len(config.introspection_clients)) == ("jwt", 1, 1)


def test_the_secrets_are_kept_from_the_environment_of_requests():
    assert {"JWT_KEYS", "INTROSPECTION_CLIENTS"} <= set(SECRET_SETTINGS)
