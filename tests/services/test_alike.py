"""Whoever asks learns nothing from the work that is done for the reply: the same statements, the same commands."""

from datetime import timedelta

import pytest

from services.background import drain
from tests.changes import NEW_PASSWORD
from tests.shopper import new_phone
from tests.trips import counted

PLENTY_OF_SENDS = {"sms_cooldown_seconds": 0, "sms_per_hour": 0, "sms_per_day": 0}


@pytest.fixture
def registered(make_app, make_shopper):
    """On a site where phones get one message after the other."""
    shopper = make_shopper(make_app(LIMIT_LOGIN_PER_ACCOUNT="1000/minute", **PLENTY_OF_SENDS))
    shopper.register()
    return shopper


def work_of(call, status):
    """What was asked of Redis and of the database before the reply: its words, and the texts of all statements.

    What calls before it left to be done later is done first.
    """
    drain(seconds=10)
    with counted() as trips:
        assert call().status == status
    return trips.redis, trips.sql, trips.redis_beside, trips.sql_beside, list(trips.statements)


@pytest.mark.parametrize("purpose", ["register", "login", "reset_password", "change_phone"])
def test_a_code_for_a_known_phone_costs_what_one_for_an_unknown_phone_costs(registered, purpose):
    """R48: whatever it is for; confirm has no phone to name."""
    owner = registered.another()
    owner.register()
    registered.me()
    phones = {"known": owner.phone, "unknown": new_phone()}
    work = {
        who: work_of(lambda phone=phone: registered.ask_for_code(purpose, phone), 202) for who, phone in phones.items()
    }
    assert work["known"][0]
    assert work["known"] == work["unknown"]


def test_all_failed_logins_cost_alike(registered, rows, clock):
    """R47: unknown or known, wrong or right, disabled, without a password, about to be erased."""
    disabled, blocked, closing = (registered.another() for _ in range(3))
    for somebody in (disabled, blocked, closing):
        somebody.register()
    rows.set_user(disabled.phone, status="disabled")
    rows.set_user(blocked.phone, password_hash="")
    rows.set_user(closing.phone, status="closing", erase_after=clock() - timedelta(seconds=1))
    bodies = {
        "wrong password": (registered.username, NEW_PASSWORD),
        "unknown name": ("nobody-of-that-name", NEW_PASSWORD),
        "disabled": (disabled.username, disabled.password),
        "without a password": (blocked.username, blocked.password),
        "about to be erased": (closing.username, closing.password),
    }
    work = {reason: work_of(lambda body=body: registered.try_login(*body), 401) for reason, body in bodies.items()}
    for reason in bodies:
        assert work[reason][:2] == work["wrong password"][:2], reason
