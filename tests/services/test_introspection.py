"""Introspection: what other services learn of a token, and that nobody learns more (RFC 7662)."""

import pytest

from tests.changes import change_password
from tests.clients import InProcessClient
from tests.services.test_cross_use import KINDS, World
from tests.settings import SERVICE, SERVICE_SECRET
from tests.tokens import AS_SERVICE, NEW_KEY, basic, both_formats, introspect

pytestmark = [both_formats, pytest.mark.one_database]
FORM = AS_SERVICE | {"Content-Type": "application/x-www-form-urlencoded"}
NOWHERE = "unix:///nonexistent/redis.sock"
OTHER_SECRET = "the-next-secret-of-a-service-9876543210"
STRANGERS = {
    "nobody": {},
    "a shopper": {"Authorization": "Bearer {token}"},
    "another secret": basic(SERVICE, SERVICE_SECRET + "0"),
    "no secret": basic(SERVICE, ""),
    "another name": basic("stock", SERVICE_SECRET),
    "no name": basic("", SERVICE_SECRET),
    "the whole as its name": basic(f"{SERVICE}:{SERVICE_SECRET}", ""),
    "no pair": {"Authorization": "Basic b3JkZXJz"},
    "no base64": {"Authorization": "Basic é"},
    "no value": {"Authorization": "Basic"},
}


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


@pytest.fixture
def world(shopper, letters, rows, pass_time):
    return World(shopper, letters, rows, pass_time)


def test_an_active_token_says_whose_it_is_and_how_long(registered, clock):
    profile, issued_at = registered.me().json, int(clock().timestamp())
    clock.advance(seconds=10)
    told = introspect(registered.client, registered.access_token)
    assert (told.status, told.headers["Cache-Control"]) == (200, "no-store")
    assert told.json == {
        "active": True,
        "sub": profile["id"],
        "username": registered.username,
        "sid": registered.sessions()[0]["id"],
        "client_id": "dongbao",
        "iss": "http://127.0.0.1:5000",
        "aud": "http://127.0.0.1:5000",
        "iat": issued_at,
        "exp": issued_at + 900,
        "token_type": "Bearer",
    }


def test_whatever_is_not_active_gets_one_and_the_same_answer(registered, make_app, rows, redis, clock):
    """R34: unknown, of another server, expired, revoked, outdated or of a disabled account: alike to the byte."""
    client, others = registered.client, {}

    def somebody():
        other = registered.another()
        other.register()
        return other

    expired = somebody().access_token
    clock.advance(seconds=901)
    logged_out, outdated, disabled = somebody(), somebody(), somebody()
    others |= {"logged out": logged_out.access_token, "outdated": outdated.access_token}
    logged_out.logout()
    assert change_password(outdated).status == 200
    assert introspect(client, disabled.access_token).json["active"]
    rows.set_user(disabled.phone, status="disabled")
    redis.flushall()
    elsewhere = make_app(secret_keys=("another-server-s-key-0123456789-0123456789",), jwt_keys=(NEW_KEY,))
    foreign = somebody().on(InProcessClient(elsewhere))
    foreign.login()
    texts = {"expired": expired, "disabled": disabled.access_token, "foreign": foreign.access_token, **others}
    texts |= {"unknown": "x", "empty": "", "long": "x" * 16000, "a JWT": "eyJhbGciOiJub25lIn0.e30."}
    replies = {why: introspect(client, text) for why, text in texts.items()}
    assert {why: (reply.status, reply.body) for why, reply in replies.items()} == dict.fromkeys(
        texts, (200, b'{"active":false}')
    )
    assert (
        len({tuple(sorted((k, v) for k, v in r.headers.items() if k != "X-Request-ID")) for r in replies.values()}) == 1
    )


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"access", "sms_id"}))
def test_no_other_kind_is_active(world, kind):
    """R28, R34: a refresh token, which is no business of another service, a ticket or a link."""
    assert introspect(world.shopper.client, KINDS[kind](world)).body == b'{"active":false}'


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nobody_learns_anything_without_a_secret(registered, stranger):
    """R34: 401 with the scheme, for a good token as for a bad one."""
    headers = {name: value.format(token=registered.access_token) for name, value in STRANGERS[stranger].items()}
    for token in (registered.access_token, "x"):
        reply = introspect(registered.client, token, headers=headers)
        assert (reply.status, reply.code) == (401, "invalid_client")
        assert reply.headers["WWW-Authenticate"] == 'Basic realm="introspection"'


def test_wrong_secrets_are_limited_and_right_ones_are_not(make_app, make_shopper):
    """R34: whoever guesses is stopped, and cannot stop the service at the same address."""
    shopper = make_shopper(make_app(LIMIT_INTROSPECT_PER_ADDRESS="3/minute"))
    wrong = basic(SERVICE, "wrong")
    for _ in range(5):
        assert introspect(shopper.client, "x").status == 200
    assert [introspect(shopper.client, "x", headers=wrong).status for _ in range(5)] == [401, 401, 401, 429, 429]
    assert introspect(shopper.client, "x").status == 200


def test_while_nothing_can_be_asked_nobody_is_active(registered, make_app):
    """RFC 7662, 2.2 knows no third answer: 503, so that a service lets nobody in and asks again."""
    nowhere = {"redis_url": NOWHERE, "ratelimit_storage_uri": NOWHERE, "database_url": "sqlite:////nonexistent/x"}
    reply = introspect(InProcessClient(make_app(**nowhere)), registered.access_token)
    assert (reply.status, reply.code) == (503, "service_unavailable")


def test_a_name_may_have_two_secrets_while_one_is_changed(make_app):
    clients = (f"{SERVICE}:{SERVICE_SECRET}", f"{SERVICE}:{OTHER_SECRET}", f"stock:{OTHER_SECRET}x")
    client = InProcessClient(make_app(introspection_clients=clients))
    ask = [introspect(client, "x", headers=basic(*pair.split(":"))).status for pair in clients]
    assert ask == [200, 200, 200]
    assert introspect(client, "x", headers=basic("stock", OTHER_SECRET)).status == 401


def test_where_there_are_no_services_nobody_is_one(make_app):
    client = InProcessClient(make_app(introspection_clients=()))
    assert {introspect(client, "x", headers=headers).status for headers in (AS_SERVICE, basic("", ""), {})} == {401}


@pytest.mark.parametrize(
    "form", ["token={}", "token={}&token=x", "a=b&token={}&token_type_hint=refresh_token&client_id=c"]
)
def test_a_form_is_asked_for_by_the_standard(registered, form):
    """RFC 7662, 2.1; what is not known is overlooked (RFC 6749, 3.2), and of a field that comes twice the first counts."""
    data = form.format(registered.access_token).encode()
    reply = registered.client.exchange("POST", "/v1/token/introspect", data, FORM)
    assert (reply.status, reply.json["active"]) == (200, True)


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"", FORM, 422),
        (b"token", FORM, 200),
        (b"x=y", FORM, 422),
        (b"token=%ff%00%zz", FORM, 200),
        (b"token=" + b"x" * 17000, FORM, 413),
        (b"token=x", AS_SERVICE | {"Content-Type": "text/plain"}, 415),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 401),
        (b"x=y", {"Content-Type": "application/x-www-form-urlencoded"}, 401),
    ],
)
def test_the_checks_have_the_order_of_all_calls(client, data, headers, status):
    """What can't be read, then who asks, then what is asked."""
    assert client.exchange("POST", "/v1/token/introspect", data, headers).status == status
