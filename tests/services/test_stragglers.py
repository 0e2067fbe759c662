"""What is still under way when an account is erased or locked leaves nothing behind."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from models import SecurityEvent, Session, User
from services.errors import InvalidCredentials, ServiceError
from services.profiles import Profile
from services.sessions import Caller
from services.sources import Source

SOURCE = Source("curl", "203.0.113.9", "a-request", "en")


@pytest.fixture
def services(make_app):
    return make_app().extensions["dongbao"]


@pytest.fixture
def user_id(shopper):
    return shopper.register()["user"]["id"]


def _caller(user_id):
    profile = Profile(user_id, "somebody", None, "", False, "active", datetime.now(UTC))
    return Caller("0" * 32, profile)


def _count(engine, *conditions):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(*conditions))


def test_a_new_name_does_not_come_to_an_erased_account(services, user_id, engine):
    services.erasure.erase_now(user_id, SOURCE, "operator")
    with suppress(ServiceError):
        services.accounts.rename(_caller(user_id), "张三", SOURCE)
    assert _count(engine, User.username == "张三") == 0
    assert _count(engine, SecurityEvent.type == "username_changed") == 0


def test_a_refusal_that_waits_is_not_written_of_an_erased_account(services, user_id, engine):
    services.events.refused("login_failed", user_id, SOURCE, "password")
    services.erasure.erase_now(user_id, Source("", "", "", "en"), "operator")
    time.sleep(0.5)
    assert _count(engine, SecurityEvent.user_id == user_id, SecurityEvent.ip.is_not(None)) == 0


@pytest.mark.parametrize("change", [{"status": "disabled"}, {"credential_version": 2}])
def test_a_login_waits_for_a_change_of_its_account(services, user_id, engine, change):
    """R26, R27: it read the account before, and writes its session after: then there is none."""
    outcome = []
    before = _count(engine, Session.user_id == user_id)

    def log_in():
        with services.database.connection() as connection:
            try:
                outcome.append(services.sessions.open(connection, user_id, 1, SOURCE))
            except InvalidCredentials as error:
                outcome.append(error)

    thread = threading.Thread(target=log_in)
    with services.database.transaction() as connection:
        connection.execute(update(User).where(User.id == user_id).values(**change))
        thread.start()
        thread.join(0.5)
    thread.join()
    assert isinstance(outcome[0], InvalidCredentials)
    assert _count(engine, Session.user_id == user_id) == before


def test_a_login_leaves_no_session_of_an_account_that_is_being_erased(services, user_id, engine):
    outcome = []

    def log_in():
        with services.database.connection() as connection, suppress(InvalidCredentials):
            outcome.append(services.sessions.open(connection, user_id, 1, SOURCE))

    thread = threading.Thread(target=log_in)
    with services.database.transaction() as connection:
        connection.execute(select(User.id).where(User.id == user_id).with_for_update())
        services.erasure._take_out(connection, user_id, None)
        thread.start()
        thread.join(0.5)
    thread.join()
    assert _count(engine, Session.user_id == user_id) == 0
    assert outcome == []
