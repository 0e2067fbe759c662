"""Logins that come at once: as many sessions as an account may have, and one word about a new device."""

import pytest
from sqlalchemy import func, select

from models import Device, Notice, SecurityEvent, Session
from tests.races.crowd import at_once, told_apart
from tests.settings import PLENTY

# Many logins to one account at once are more than its limit lets through.
pytestmark = [pytest.mark.mysql, pytest.mark.settings(LIMIT_LOGIN_PER_ACCOUNT=PLENTY)]

MOST = 20
REFRESH = "/v1/token/refresh"


@pytest.fixture
def count(engine):
    def read(model, *conditions):
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(model).where(*conditions))

    return read


def test_fifty_logins_at_once_leave_the_twenty_newest_sessions(live, live_shopper, engine, count):
    """R26: those beyond are ended in the database and at the next request, each by one login."""
    live_shopper.register()
    body = {"account": live_shopper.username, "password": live_shopper.password}
    replies = at_once(live, 50, lambda client, i: client.post("/v1/login", json=body))
    assert told_apart(replies) == {"200": 50}
    living = {
        reply.json["access_token"] for reply in replies if live_shopper.me(reply.json["access_token"]).status == 200
    }
    assert len(living) == MOST
    assert count(Session) == 51
    assert count(Session, Session.ended_at.is_(None)) == MOST
    with engine.connect() as connection:
        newest = select(Session.ended_at).order_by(Session.created_at.desc(), Session.id.desc()).limit(MOST)
        assert list(connection.scalars(newest)) == [None] * MOST
        ended = select(SecurityEvent.session_id).where(SecurityEvent.detail == "too_many")
        named = list(connection.scalars(ended))
    assert len(named) == len(set(named)) == 31


def test_the_owner_is_told_once_of_a_device_that_logs_in_many_times_at_once(live, live_shopper, count):
    for turn in range(5):
        somebody = live_shopper.another()
        somebody.register()
        body = {"account": somebody.username, "password": somebody.password}
        agent = {"User-Agent": "DongbaoApp/3.2 (iPhone; iOS 18.1)"}
        replies = at_once(
            live,
            20,
            lambda client, i, body=body, agent=agent: client.post("/v1/login", json=body, headers=agent),
        )
        assert told_apart(replies) == {"200": 20}
        assert count(Device, Device.name == "DongbaoApp on iPhone") == turn + 1
        assert count(Notice, Notice.kind == "new_device") == turn + 1


def test_many_new_devices_at_once_are_all_kept_and_five_told(live, live_shopper, count):
    live_shopper.register()
    body = {"account": live_shopper.username, "password": live_shopper.password}
    replies = at_once(
        live,
        20,
        lambda client, i: client.post("/v1/login", json=body, headers={"User-Agent": f"app{i}/1"}),
    )
    assert told_apart(replies) == {"200": 20}
    assert count(Device) == 21
    assert count(Notice, Notice.kind == "new_device") == 5


def test_nothing_outlives_logging_out_everywhere_among_refreshes(live, live_shopper, count):
    """R22, R26: twenty refreshes of five sessions while all are ended: afterwards every token is dead."""
    for turn in range(5):
        somebody = live_shopper.another()
        pairs = [somebody.register(), *(somebody.login() for _ in range(4))]

        def call(client, i, turn=turn, pairs=pairs):
            if i == turn * 5:
                return client.delete("/v1/sessions", token=pairs[0]["access_token"])
            return client.post(REFRESH, json={"refresh_token": pairs[i % 5]["refresh_token"]})

        replies = at_once(live, 21, call)
        assert replies[turn * 5].status == 204
        assert told_apart(replies).keys() <= {"200", "204", "401 refresh_invalid"}
        for pair in (*pairs, *(reply.json for reply in replies if reply.status == 200)):
            assert somebody.me(pair["access_token"]).code == "session_revoked"
            assert somebody.try_refresh(pair["refresh_token"]).code == "refresh_invalid"
    assert count(Session, Session.ended_at.is_(None)) == 0
