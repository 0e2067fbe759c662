"""Tokens: kinds that don't mix, keys that rotate, one spelling each, in both of their forms."""

import string

import pytest

from tests.clients import InProcessClient
from tests.timetravel import HandTurnedClock
from tests.tokens import NEW_KEY, OLD_KEY, P256_KEY, both_formats

pytestmark = both_formats
OLD, NEW = "the-old-key-of-the-tests-0123456789-0123456789", "the-new-key-of-the-tests-9876543210-9876543210"
ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def nodes(make_app):
    """Clients of four servers on one database and Redis, by the keys they have."""
    keys = {
        "old": ((OLD,), (OLD_KEY,)),
        "both": ((OLD, NEW), (OLD_KEY, NEW_KEY)),
        "new": ((NEW,), (NEW_KEY,)),
        "neither": (("a-third-key-of-the-tests-0123456789-01234567",), (P256_KEY,)),
    }
    return {
        name: InProcessClient(make_app(secret_keys=secrets, jwt_keys=jwt_keys))
        for name, (secrets, jwt_keys) in keys.items()
    }


def test_the_kinds_of_tokens_do_not_mix(shopper):
    """R28: each kind is refused where another belongs."""
    ticket = shopper.prove()
    shopper.fill_in(ticket)
    shopper.login()
    for token in (shopper.refresh_token, ticket):
        reply = shopper.me(token)
        assert (reply.status, reply.code) == (401, "token_invalid")
    for token in (shopper.access_token, ticket):
        reply = shopper.try_refresh(token)
        assert (reply.status, reply.code) == (401, "refresh_invalid")
    for token in (shopper.access_token, shopper.refresh_token):
        reply = shopper.another().fill_in(token)
        assert (reply.status, reply.code) == (422, "ticket_invalid")


def test_a_ticket_to_reset_is_no_token(shopper, pass_time):
    """R28: neither as an access token nor to refresh with."""
    shopper.register()
    pass_time(seconds=61)
    ticket = shopper.prove("reset_password")
    assert shopper.me(ticket).code == "token_invalid"
    assert shopper.try_refresh(ticket).code == "refresh_invalid"


def test_an_sms_id_is_no_ticket_and_no_token(shopper):
    """R28: ids prove nothing."""
    sms_id = shopper.send_code()
    assert shopper.fill_in(sms_id).code == "ticket_invalid"
    assert shopper.me(sms_id).code == "token_invalid"


def test_the_newest_key_signs_and_older_ones_verify(make_shopper, nodes):
    """R29: after adding a key, old tokens live; what the new key signed is refused by a server that lacks it."""
    shopper = make_shopper(nodes["old"])
    shopper.register()
    on_both = shopper.on(nodes["both"])
    assert on_both.me().status == 200
    on_both.refresh()
    assert on_both.on(nodes["new"]).me().status == 200
    assert on_both.on(nodes["old"]).me().code == "token_invalid"
    assert on_both.on(nodes["old"]).try_refresh().code == "refresh_invalid"


def test_what_a_removed_key_signed_is_refused(make_shopper, nodes):
    """R29: taking the old key away ends the tokens that only it had signed; the password still works."""
    shopper = make_shopper(nodes["old"])
    shopper.register()
    on_new = shopper.on(nodes["new"])
    assert on_new.me().code == "token_invalid"
    assert on_new.try_refresh().code == "refresh_invalid"
    on_new.login()
    assert on_new.me().status == 200


def test_a_code_and_a_ticket_outlive_the_adding_of_a_key(make_shopper, nodes):
    """R29: a visit that began before the roll-out ends well after it."""
    before = make_shopper(nodes["old"])
    sms_id = before.send_code()
    after = before.on(nodes["both"])
    assert after.verify(sms_id, after.wrong_code()).json["attempts_left"] == 4
    ticket = after.verify(sms_id, after.last_code()).json["ticket"]
    assert after.fill_in(ticket).status == 201
    assert before.on(nodes["both"]).ask_for_code().code == "sms_cooldown"


def test_a_ticket_of_the_old_key_is_good_with_both_and_refused_without_it(make_shopper, nodes):
    """R29: tickets follow the same rule as tokens."""
    shopper = make_shopper(nodes["old"])
    ticket = shopper.prove()
    assert shopper.on(nodes["new"]).fill_in(ticket).code == "ticket_invalid"
    assert shopper.on(nodes["both"]).fill_in(ticket).status == 201


def test_a_code_of_a_removed_key_is_over(make_shopper, nodes):
    """R29: it is neither accepted nor sent again, and that is no server error."""
    shopper = make_shopper(nodes["old"])
    sms_id = shopper.send_code()
    elsewhere = shopper.on(nodes["neither"])
    assert elsewhere.verify(sms_id, shopper.last_code()).status in (410, 422)
    assert elsewhere.try_login_by_code(sms_id, shopper.last_code()).status == 410


def variants(token):
    """Spellings that a base64 decoder may take for the same text."""
    body, _, signature = token.rpartition(".")
    yield from (token[:-1] + last for last in ALPHABET if last != token[-1])
    yield from (token + tail for tail in ("=", "==", "A", ".", "é", "\x7f", "!", "*"))
    yield f"{body}.{signature[:10]}={signature[10:]}"
    yield f"{body}.{signature[:10]}!{signature[10:]}"
    yield token.replace(".", "=.", 1)
    yield "." + token


def test_no_other_spelling_of_a_token_is_taken(shopper):
    """R32: last-letter variants, padding and foreign characters are refused while the session lives."""
    shopper.register()
    assert {shopper.me(spelling).code for spelling in variants(shopper.access_token)} == {"token_invalid"}
    assert {shopper.try_refresh(spelling).code for spelling in variants(shopper.refresh_token)} == {"refresh_invalid"}
    assert shopper.me().status == 200


def test_no_spelling_of_a_token_escapes_its_revocation(shopper):
    """R32: after logging out, all of them are 401."""
    shopper.register()
    shopper.logout()
    assert {shopper.me(spelling).status for spelling in variants(shopper.access_token)} == {401}
    assert {shopper.try_refresh(spelling).status for spelling in variants(shopper.refresh_token)} == {401}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Token {}", "{}", "Bearer,{}", "bearer\t{}", "Bearer {} {}"],
)
def test_what_is_no_bearer_token_is_refused(shopper, header):
    shopper.register()
    reply = shopper.client.get("/v1/me", headers={"Authorization": header.format(shopper.access_token, "x")})
    assert reply.status == 401
    assert reply.code in ("token_missing", "token_invalid")


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_may_be_written_in_any_case(shopper, scheme):
    shopper.register()
    reply = shopper.client.get("/v1/me", headers={"Authorization": scheme + shopper.access_token})
    assert reply.status == 200


@pytest.mark.parametrize("length", [2049, 8000])
def test_a_long_token_is_refused_unread(shopper, length):
    assert shopper.me("x" * length).code == "token_invalid"


@pytest.mark.parametrize("place", ["access_token={}", "token={}", "authorization=Bearer%20{}", "bearer={}"])
def test_a_token_in_the_url_is_not_seen(shopper, place):
    """R44: in the query it is as if it were not there."""
    shopper.register()
    reply = shopper.client.get(f"/v1/me?{place.format(shopper.access_token)}")
    assert (reply.status, reply.code) == (401, "token_missing")
    assert shopper.client.post(f"/v1/token/refresh?refresh_token={shopper.refresh_token}", json={}).status == 422


def test_a_token_in_a_cookie_is_not_seen(shopper):
    """R44: nothing is taken from cookies, so that no other site can act for a shopper."""
    shopper.register()
    cookie = f"access_token={shopper.access_token}; Authorization=Bearer {shopper.access_token}"
    assert shopper.client.get("/v1/me", headers={"Cookie": cookie}).code == "token_missing"


@pytest.mark.parametrize(("ahead", "status"), [(20, 200), (30, 200), (32, 401), (600, 401)])
def test_another_servers_clock_may_be_ahead_by_half_a_minute(make_shopper, make_app, clock, ahead, status):
    """R31, F28: a token from 20 s in the future is good, one from ten minutes in the future is not."""
    shopper = make_shopper(make_app())
    shopper.register()
    behind = HandTurnedClock(clock.now)
    behind.advance(seconds=-ahead)
    assert shopper.on(InProcessClient(make_app(clock=behind))).me().status == status


def test_tolerance_for_clocks_stretches_no_lifetime(shopper, clock):
    """R31, F28: fifteen minutes stay fifteen minutes."""
    shopper.register()
    clock.advance(seconds=901)
    assert shopper.me().code == "token_expired"
