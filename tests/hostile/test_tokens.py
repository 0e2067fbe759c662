"""Tokens of one kind shown as another, in other spellings, and in other places."""

import string

import pytest

from services.jwts import looks_like_jwt
from tests.clients import LiveClient
from tests.hostile.raw import converse, request_head
from tests.hostile.soundness import assert_sound
from tests.tokens import both_formats, part

pytestmark = both_formats

ALPHABET = string.ascii_letters + string.digits + "-_"


def spellings(token: str) -> list[str]:
    """The token, and what a lenient decoder might take for it."""
    last = [token[:-1] + character for character in ALPHABET]
    padded = [token + suffix for suffix in ("=", "==", "===", ".", "%3D", "A", "\t", "\u00a0", ",", ";", "#")]
    wrapped = [f" {token}", f"{token} ", f'"{token}"', token.swapcase(), token.replace("-", "+").replace("_", "/")]
    inside = [token[:10] + character + token[10:] for character in "=!*. \t"]
    doubled = [token + token, f"{token} {token}", f"{token}, {token}", f"{token}.{token}"]
    return last + padded + wrapped + inside + doubled


def test_a_real_server_writes_the_form_that_is_asked_for(live, live_shopper, token_format):
    """And shows the key of its JWTs, as other services need it."""
    token = live_shopper.register()["access_token"]
    assert looks_like_jwt(token) == (token_format == "jwt")
    if token_format == "jwt":
        (shown,) = LiveClient(live.url).get("/.well-known/jwks.json").json["keys"]
        assert shown["kid"] == part(token, 0)["kid"]


def test_no_spelling_of_an_ended_access_token_gets_in(live, live_shopper):
    """R32: neither with another last character, nor padded, quoted or doubled."""
    live_shopper.register()
    token = live_shopper.access_token
    live_shopper.logout()
    for spelling in spellings(token):
        for scheme in ("Bearer", "bearer", "BEARER "):
            reply = converse(live, request_head("GET", "/v1/me", f"Authorization: {scheme} {spelling}".encode()))
            assert_sound("GET", reply)
            assert reply.status == 401, spelling


def test_no_spelling_of_an_ended_refresh_token_is_taken(live_shopper):
    """R32: the same for refresh tokens, whose session has ended or which were used before."""
    live_shopper.register()
    used, token = live_shopper.refresh_token, live_shopper.refresh()["refresh_token"]
    live_shopper.logout()
    for spelling in (*spellings(token), *spellings(used)):
        assert live_shopper.try_refresh(spelling).code == "refresh_invalid", spelling


def test_a_living_token_has_one_spelling(live, live_shopper):
    """R32: blanks around it apart, which the header's grammar allows."""
    live_shopper.register()
    token = live_shopper.access_token
    for spelling in spellings(token):
        reply = converse(live, request_head("GET", "/v1/me", f"Authorization: Bearer {spelling}".encode()))
        assert reply.status == (200 if spelling.strip(" \t") == token else 401), spelling


def test_kinds_do_not_mix(live_shopper):
    """R28: each signed text is good for its own use only."""
    live_shopper.register()
    other = live_shopper.another()
    texts = {"access": live_shopper.access_token, "refresh": live_shopper.refresh_token, "ticket": other.prove()}
    for kind, signed in texts.items():
        if kind != "access":
            assert live_shopper.me(signed).code == "token_invalid", kind
            assert live_shopper.logout(signed).code == "token_invalid", kind
        if kind != "refresh":
            assert live_shopper.try_refresh(signed).code == "refresh_invalid", kind
        if kind != "ticket":
            assert other.fill_in(signed).code == "ticket_invalid", kind
        assert live_shopper.try_login_by_code(signed, "123456").code == "code_expired", kind
        assert live_shopper.verify(signed, "123456").code == "code_expired", kind
        assert live_shopper.try_login(password=signed).code == "invalid_credentials", kind
    assert other.fill_in(texts["ticket"]).status == 201
    assert live_shopper.me().status == live_shopper.try_refresh().status == 200


def test_a_ticket_of_another_purpose_registers_nobody(live_shopper, redis):
    """R18, R28: a ticket to reset a password is none to register with."""
    live_shopper.register()
    redis.flushall()
    ticket = live_shopper.prove("reset_password")
    assert live_shopper.another().fill_in(ticket).code == "ticket_invalid"
    assert live_shopper.me(ticket).code == "token_invalid"


def test_a_code_is_good_for_its_purpose_only(live_shopper, redis):
    """R5, R28: and an attempt at another one costs nothing."""
    live_shopper.register()
    other = live_shopper.another()
    sms_id = other.send_code("register")
    for _ in range(6):
        assert other.try_login_by_code(sms_id, other.last_code()).code == "code_expired"
    assert other.verify(sms_id, other.last_code()).status == 200
    redis.flushall()
    sms_id = live_shopper.send_code("login")
    for _ in range(6):
        assert live_shopper.verify(sms_id, live_shopper.last_code()).code == "code_expired"
    assert live_shopper.try_login_by_code(sms_id, live_shopper.last_code()).status == 200


@pytest.mark.parametrize(
    "forge", ["flipped", "truncated", "extended", "another's payload", "another's signature", "unsigned"]
)
def test_a_forged_token_is_none(live_shopper, forge):
    """R19, R28: whatever part of it is changed."""
    live_shopper.register()
    other = live_shopper.another()
    other.register()
    for mine, theirs, try_it, code in (
        (live_shopper.access_token, other.access_token, live_shopper.me, "token_invalid"),
        (live_shopper.refresh_token, other.refresh_token, live_shopper.try_refresh, "refresh_invalid"),
        (live_shopper.another().prove(), other.another().prove(), live_shopper.fill_in, "ticket_invalid"),
    ):
        payload, stamp, signature = mine.rsplit(".", 2)
        match forge:
            case "flipped":
                forged = [
                    mine[:i] + ("A" if mine[i] != "A" else "B") + mine[i + 1 :] for i in range(0, len(mine) - 1, 3)
                ]
            case "truncated":
                forged = [mine[:length] for length in range(0, len(mine), 5)]
            case "extended":
                forged = [mine + "A", "A" + mine, f"{payload}A.{stamp}.{signature}", f"{payload}.{stamp}A.{signature}"]
            case "another's payload":
                their_payload, their_stamp, _ = theirs.rsplit(".", 2)
                forged = [f"{their_payload}.{stamp}.{signature}", f"{payload}.{their_stamp}.{signature}"]
            case "another's signature":
                forged = [f"{payload}.{stamp}.{theirs.rsplit('.', 1)[1]}"]
            case "unsigned":
                forged = [payload, f"{payload}.{stamp}", f"{payload}.{stamp}.", f"..{signature}", "..", f".{mine}"]
        for text in forged:
            if text and text != mine:
                assert try_it(text).code == code, text


def test_a_token_is_taken_from_its_header_only(live, live_shopper):
    """R44: not from a URL, a cookie, a body or another header."""
    live_shopper.register()
    token = live_shopper.access_token
    for target, *fields in (
        (f"/v1/me?access_token={token}&token={token}&Authorization=Bearer%20{token}",),
        ("/v1/me", f"Cookie: access_token={token}; Authorization=Bearer {token}"),
        (
            "/v1/me",
            f"X-Authorization: Bearer {token}",
            f"Proxy-Authorization: Bearer {token}",
            f"X-Access-Token: {token}",
        ),
        ("/v1/me", "Content-Type: application/json", f"Content-Length: {len(token) + 19}"),
        ("/v1/me", f"Authorization: Basic {token}"),
        ("/v1/me", f"Authorization: {token}"),
        ("/v1/me", "Authorization: Bearer"),
        ("/v1/me", "Authorization:"),
    ):
        reply = converse(live, request_head("GET", target, *fields), b'{"access_token": "%s"}' % token.encode())
        assert_sound("GET", reply)
        assert reply.code in ("token_missing", "token_invalid"), (target, fields)


def test_two_authorizations_are_not_better_than_one(live, live_shopper):
    """R28, R35: a dead token beside a living one, in whatever order, lets at most the living one's session in."""
    live_shopper.register()
    dead = live_shopper.access_token
    live_shopper.logout()
    fields = (f"Authorization: Bearer {dead}", "Authorization: Bearer x", "Authorization: Bearer")
    for first in fields:
        for second in fields:
            reply = converse(live, request_head("GET", "/v1/me", first, second))
            assert_sound("GET", reply)
            assert reply.status == 401
