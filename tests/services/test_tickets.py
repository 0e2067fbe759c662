"""Tickets: a proven phone on its way from one step to the next."""

from base64 import urlsafe_b64decode

import pytest

pytestmark = pytest.mark.one_database


def test_a_ticket_lives_ten_minutes(shopper, clock):
    """R18: used at its last second, refused a second later."""
    ticket, late = shopper.prove(), shopper.another()
    late_ticket = late.prove()
    clock.advance(seconds=600)
    assert shopper.fill_in(ticket).status == 201
    clock.advance(seconds=1)
    reply = late.fill_in(late_ticket)
    assert (reply.status, reply.code) == (410, "ticket_expired")


def test_a_ticket_to_reset_registers_nobody(shopper, pass_time, rows):
    """R18: a ticket is for one purpose."""
    shopper.register()
    pass_time(seconds=61)
    reply = shopper.fill_in(shopper.prove("reset_password"), username="another")
    assert (reply.status, reply.code) == (422, "ticket_invalid")
    assert rows.users() == 1


def tamper(ticket):
    head, _, tail = ticket.partition(".")
    return {
        "empty": "",
        "garbage": "garbage",
        "one letter of the payload": head[:5] + ("A" if head[5] != "A" else "B") + head[6:] + "." + tail,
        "one letter of the signature": ticket[:-6] + ("A" if ticket[-6] != "A" else "B") + ticket[-5:],
        "cut": ticket[:-1],
        "twice": ticket * 2,
        "payload alone": head,
        "not ASCII": ticket + "é",
        "a megabyte is too much, 2049 are enough": "x" * 2049,
    }


@pytest.mark.parametrize("kind", tamper("aaaaaaaaaa.b.cccccccc"))
def test_a_tampered_ticket_makes_no_account(shopper, rows, kind):
    """R19: step 2 fails closed."""
    reply = shopper.fill_in(tamper(shopper.prove())[kind])
    assert (reply.status, reply.code in ("ticket_invalid", "validation_failed")) == (422, True)
    assert rows.users() == 0


@pytest.mark.parametrize("ticket", [None, 5, ["x"], {"x": 1}, True])
def test_without_a_ticket_there_is_no_account(shopper, rows, ticket):
    """R19: left out, or anything but a text."""
    reply = shopper.fill_in(ticket)
    assert (reply.status, list(reply.json["errors"]), rows.users()) == (422, ["ticket"], 0)


def test_a_ticket_registers_the_phone_it_was_issued_for(shopper, rows):
    """R19: step 2 takes no phone, so a ticket can't carry a foreign one in."""
    body = shopper.form(shopper.prove()) | {"phone": "+8613800138000"}
    assert shopper.client.post("/v1/register", json=body).json["errors"].keys() == {"phone"}
    shopper.fill_in(body["ticket"])
    assert rows.user(shopper.phone)["phone"] == shopper.phone


def test_a_ticket_signed_with_another_sites_key_is_refused(shopper, make_shopper, make_app, rows):
    """R19: the signature is what counts."""
    elsewhere = make_shopper(make_app(secret_keys=("a-key-of-another-site-0123456789-0123456789",)))
    reply = shopper.fill_in(elsewhere.prove())
    assert (reply.status, reply.code, rows.users()) == (422, "ticket_invalid", 0)


def test_a_ticket_shows_no_phone(shopper):
    """R45: the phone inside is sealed, not merely encoded."""
    payload = shopper.prove().partition(".")[0]
    decoded = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert shopper.phone[-8:].encode() not in decoded
