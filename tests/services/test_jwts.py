"""Access tokens as JWTs: others verify them by the published keys alone, and nothing is taken that those keys did not write."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.clients import InProcessClient
from tests.tokens import NEW_KEY, OLD_KEY, P256_KEY, encoded, introspect, key_of, part

pytestmark = pytest.mark.one_database
SITE = "http://127.0.0.1:5000"


@pytest.fixture
def token_format():
    return "jwt"


@pytest.fixture
def on(make_app, make_shopper):
    """A shopper of a server with these keys."""
    return lambda *keys, **changes: make_shopper(make_app(jwt_keys=keys, **changes))


def keys_of(client):
    return {key["kid"]: key for key in client.get("/.well-known/jwks.json").json["keys"]}


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify_as_others_do(token, jwks):
    """With nothing of ours: by the key that the header names, and the libraries' own arithmetic; raises on a bad signature."""
    signed, _, signature = token.rpartition(".")
    key = jwks[part(token, 0)["kid"]]
    if key["kty"] == "OKP":
        ed25519.Ed25519PublicKey.from_public_bytes(raw(key["x"])).verify(raw(signature), signed.encode())
    else:
        x, y, r, s = (
            int.from_bytes(number)
            for number in (raw(key["x"]), raw(key["y"]), raw(signature)[:32], raw(signature)[32:])
        )
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("key", [NEW_KEY, P256_KEY], ids=lambda key: key.algorithm)
def test_whoever_has_the_published_keys_can_verify(on, key, clock):
    """And learns account, session and times, under the names of RFC 9068."""
    shopper = on(OLD_KEY, key)
    shopper.register()
    assert shopper.me().status == 200
    now, session = int(clock().timestamp()), shopper.sessions()[0]["id"]
    verify_as_others_do(shopper.access_token, keys_of(shopper.client))
    assert part(shopper.access_token, 0) == {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"}
    claims = part(shopper.access_token, 1)
    assert claims.pop("jti") != part(shopper.refresh()["access_token"], 1)["jti"]
    assert claims == {
        "iss": SITE,
        "aud": SITE,
        "sub": shopper.me().json["id"],
        "sid": session,
        "client_id": "dongbao",
        "credential_version": 1,
        "iat": now,
        "exp": now + 900,
    }


def test_a_key_is_named_by_its_thumbprint():
    """RFC 8037, A.3."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(raw("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    assert key_of(private).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (OLD_KEY, '{"alg":"EdDSA","kid":"UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4","typ":"at+jwt"}'),
        (P256_KEY, '{"alg":"ES256","kid":"mJd3vSaHMeCkJdbijn7ZvkoA03mOfCHUl5ms5cz5wps","typ":"at+jwt"}'),
    ],
    ids=["EdDSA", "ES256"],
)
def test_a_header_is_written_letter_by_letter_as_ever(key, header):
    """A library that wrote it otherwise would refuse, after its upgrade, all tokens that are about."""
    assert raw(key.header).decode() == header
    assert "=" not in key.header


def test_only_public_halves_are_published(client, on):
    assert all(key.keys() <= {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in keys_of(client).values())
    assert keys_of(on(OLD_KEY, P256_KEY, OLD_KEY).client).keys() == {OLD_KEY.kid, P256_KEY.kid}


def test_a_token_does_not_outlive_its_session(on):
    """Who verifies by himself does not ask when the session ends."""
    shopper = on(NEW_KEY, session_seconds=100)
    shopper.register()
    claims = part(shopper.access_token, 1)
    assert claims["exp"] - claims["iat"] == 100


def test_a_shorter_lifetime_holds_for_tokens_that_are_about(on, make_app, clock):
    """As it does for those of itsdangerous."""
    shopper = on(NEW_KEY)
    shopper.register()
    clock.advance(seconds=61)
    assert (
        shopper.on(InProcessClient(make_app(jwt_keys=(NEW_KEY,), access_token_seconds=60))).me().code == "token_expired"
    )
    assert shopper.me().status == 200


def forgeries(token, mine):
    """What has fooled verifiers of JWTs, made of a good token and whatever is public about its key."""
    header, claims, signature = token.split(".")
    public = mine.private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    strange = key_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes([9] * 32)))
    right = part(token, 0)

    def signed(text, sign):
        return f"{text}.{base64.urlsafe_b64encode(sign(text.encode())).decode().rstrip('=')}"

    for name in ("none", "None", "NONE", ""):
        for last in ("", signature):
            yield f"{encoded(right | {'alg': name})}.{claims}.{last}"
    for secret in (pem, public.public_bytes_raw(), mine.jwk["x"].encode()):
        text = f"{encoded(right | {'alg': 'HS256'})}.{claims}"
        yield signed(text, lambda data, secret=secret: hmac.digest(secret, data, hashlib.sha256))
    for changed in (
        {"jwk": strange.jwk},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/x.pem"},
        {"kid": strange.kid},
        {"kid": "../../../../dev/null"},
        {"kid": None},
    ):
        yield signed(f"{encoded(right | changed)}.{claims}", strange.private.sign)
        yield signed(f"{encoded(right | changed)}.{claims}", mine.private.sign)
    yield signed(f"{header}.{claims}", strange.private.sign)
    for changed in (
        {"typ": "JWT"},
        {"typ": None},
        {"alg": "ES256"},
        {"alg": "Ed25519"},
        {"crit": ["b64"], "b64": False},
    ):
        yield signed(f"{encoded(right | changed)}.{claims}", mine.private.sign)
    yield signed(f"{encoded(dict(reversed(right.items())))}.{claims}", mine.private.sign)
    yield f"{header}.{encoded(part(token, 1) | {'sub': '0' * 32})}.{signature}"
    yield f"{header}.{claims}.{'A' * len(signature)}"
    yield from (
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f"{header}..{signature}",
        f"{header}.{claims}.{signature}.x",
    )
    yield from (
        header,
        f"{header}.",
        "eyJ",
        "eyJ.eyJ.eyJ",
        f"{header}.{'x' * 3000}.{signature}",
        f"{header}.é.{signature}",
    )


def test_nothing_is_taken_but_what_our_keys_wrote(on):
    """R28: neither without a signature, nor with the public key for a secret, another key, or another header."""
    shopper = on(OLD_KEY)
    shopper.register()
    forged = list(forgeries(shopper.access_token, OLD_KEY))
    assert len(forged) > 40
    for text in forged:
        reply = shopper.me(text)
        assert (reply.status, reply.code) == (401, "token_invalid"), text
        assert introspect(shopper.client, text).body == b'{"active":false}', text
    assert shopper.me().status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://another.example"},
        {"aud": "https://another.example"},
        {"aud": ["https://another.example"]},
        {"iat": "x"},
        *({name: value} for name in ("sub", "sid") for value in ("\0", "\ud800", "x", {}, 7)),
        *({name: None} for name in ("iss", "aud", "sub", "sid", "iat", "exp", "jti")),
    ],
    ids=str,
)
def test_a_key_that_signs_for_others_too_lets_nobody_in_here(on, changed):
    """R28: its tokens must be from us, for us, and whole."""
    shopper = on(OLD_KEY)
    shopper.register()
    claims = part(shopper.access_token, 1)
    assert shopper.me(OLD_KEY.sign(claims)).status == 200
    token = OLD_KEY.sign({name: value for name, value in (claims | changed).items() if value is not None})
    assert shopper.me(token).code == "token_invalid"


def test_a_new_key_is_published_before_it_signs(on, make_app):
    """R29: `new,old`, then `old,new`, then `new`: at no step is a token refused that is not of a key taken away."""
    shopper = on(OLD_KEY)
    shopper.register()
    first = shopper.on(InProcessClient(make_app(jwt_keys=(NEW_KEY, OLD_KEY))))
    assert keys_of(first.client).keys() == {OLD_KEY.kid, NEW_KEY.kid}
    assert part(first.refresh()["access_token"], 0)["kid"] == OLD_KEY.kid
    second = first.on(InProcessClient(make_app(jwt_keys=(OLD_KEY, NEW_KEY))))
    assert second.me().status == 200
    assert part(second.refresh()["access_token"], 0)["kid"] == NEW_KEY.kid
    third = second.on(InProcessClient(make_app(jwt_keys=(NEW_KEY,))))
    assert second.on(first.client).me().status == third.me().status == 200
    assert third.me(first.access_token).code == "token_invalid"


def test_the_form_may_be_changed_both_ways_and_ends_no_token(on, make_app):
    """Where there are keys both forms are read, whichever is written; without keys, there are no JWTs."""
    jwts = on(NEW_KEY)
    jwts.register()
    texts = jwts.on(InProcessClient(make_app(jwt_keys=(NEW_KEY,), token_format="itsdangerous")))
    assert texts.me().status == 200
    assert keys_of(texts.client).keys() == {NEW_KEY.kid}
    texts.refresh()
    assert texts.on(jwts.client).me().status == 200
    assert not texts.access_token.startswith("eyJ")
    without = jwts.on(InProcessClient(make_app(jwt_keys=(), token_format="itsdangerous")))
    assert keys_of(without.client) == {}
    assert without.me().code == "token_invalid"
