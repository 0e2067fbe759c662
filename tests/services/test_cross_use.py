"""Signed texts and tokens of every kind, in every place where another is expected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.changes import DORMANT, NEW_PASSWORD, change_phone, keep, move, reset, undo
from tests.letters import Letters
from tests.rows import Rows
from tests.shopper import Shopper, new_phone
from tests.tokens import AS_JWT

pytestmark = pytest.mark.one_database

MAIL = "cross@example.com"


@dataclass
class World:
    """What the kinds are made with."""

    shopper: Shopper
    letters: Letters
    rows: Rows
    pass_time: Callable[[float], None]

    def registered(self) -> Shopper:
        somebody = self.shopper.another()
        somebody.register()
        return somebody


@pytest.fixture
def world(shopper, letters, rows, pass_time):
    return World(shopper, letters, rows, pass_time)


def _reset_ticket(world):
    somebody = world.registered()
    world.pass_time(61)
    return somebody.prove("reset_password")


def _undo_token(world):
    somebody = world.registered()
    old = somebody.phone
    assert move(somebody, new_phone()).status == 200
    return world.letters.wait_for(old, "phone_changed").token


def _keep_token(world):
    somebody = world.registered()
    world.rows.verify_email(somebody.phone, MAIL)
    world.rows.age_user(somebody.phone, DORMANT)
    world.pass_time(61)
    visitor = somebody.another()
    sms_id = visitor.send_code("login", somebody.phone)
    visitor.try_login_by_code(sms_id, visitor.last_code(somebody.phone))
    return world.letters.wait_for(MAIL, "phone_claimed").token


# Whoever adds a kind says here how one is got …
KINDS: dict[str, Callable[[World], str]] = {
    "access": lambda world: world.registered().access_token,
    "refresh": lambda world: world.registered().refresh_token,
    "register ticket": lambda world: world.shopper.another().prove(),
    "reset ticket": _reset_ticket,
    "undo token": _undo_token,
    "keep token": _keep_token,
    "sms_id": lambda world: world.shopper.another().send_code(),
}
# … and here where it belongs, with the refusal that any other kind gets there.
PLACES: dict[str, tuple[Callable[[Shopper, str], Any], tuple[int, str]]] = {
    "access": (lambda shopper, text: shopper.me(text), (401, "token_invalid")),
    "refresh": (lambda shopper, text: shopper.try_refresh(text), (401, "refresh_invalid")),
    "register ticket": (lambda shopper, text: shopper.fill_in(text), (422, "ticket_invalid")),
    "reset ticket": (reset, (422, "ticket_invalid")),
    "undo token": (undo, (422, "ticket_invalid")),
    "keep token": (keep, (422, "ticket_invalid")),
    "sms_id": (lambda shopper, text: shopper.verify(text, "123456"), (410, "code_expired")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_kind_is_good_in_its_own_place_only(world, kind, place):
    """R28: anywhere else it is what no text of ours would be; where it belongs it is at least known."""
    use, refusal = PLACES[place]
    reply = use(world.shopper.another(), KINDS[kind](world))
    if kind == place:
        assert reply.status < 300 or reply.code == "code_incorrect"
    else:
        assert (reply.status, reply.code) == refusal


@pytest.mark.parametrize("token_format", [AS_JWT])
@pytest.mark.parametrize(
    ("kind", "place"),
    [("access", place) for place in PLACES] + [(kind, "access") for kind in KINDS if kind != "access"],
)
def test_the_same_holds_of_jwts(world, kind, place):
    """R28: in whatever form access tokens are."""
    test_a_kind_is_good_in_its_own_place_only(world, kind, place)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_a_code_s_proof(world, kind):
    """R28, R30: nor does it stand in for the id of a challenge, or for a password."""
    somebody = world.registered()
    text = KINDS[kind](world)
    assert somebody.try_login_by_code(text, "123456").code == "code_expired"
    assert change_phone(somebody, text, "123456").code == "code_expired"
    for proof in ({"current_password": text}, {"sms_id": text, "code": "123456"}):
        body = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD, **proof}
        reply = somebody.client.put("/v1/me/password", json=body, token=somebody.access_token)
        assert reply.code in ("reauthentication_required", "code_expired")
