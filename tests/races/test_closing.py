"""Closing, coming back, erasing and locking, all at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from models import SecurityEvent, Session, User
from tests.parallel import in_parallel
from tests.races.crowd import connected, settled, told_apart
from tests.tables import where_is

pytestmark = pytest.mark.mysql
CROWD = 20
TURNS, STEPS = 60, 12


def _close(client, shopper):
    body = {"current_password": shopper.password}
    return settled(lambda: client.delete("/v1/me", json=body, token=shopper.access_token))


def _types(engine, kind):
    with engine.connect() as connection:
        return len(connection.execute(select(SecurityEvent.id).where(SecurityEvent.type == kind)).all())


def test_close_and_refresh_at_once(live, live_shopper, rows):
    """R26: whoever refreshed meanwhile, afterwards every token is dead."""
    with connected(live, CROWD) as clients:
        for _ in range(8):
            shopper = live_shopper.another()
            shopper.register()
            refresh = shopper.refresh_token

            def act(i, shopper=shopper, refresh=refresh):
                if i == CROWD // 2:
                    return _close(clients[i], shopper)
                return settled(lambda: clients[i].post("/v1/token/refresh", json={"refresh_token": refresh}))

            replies = in_parallel(CROWD, act)
            assert replies[CROWD // 2].status == 202
            assert told_apart(replies).keys() <= {"200", "202", "401 refresh_invalid"}
            for reply in replies:
                if reply.status == 200:
                    assert shopper.me(reply.json["access_token"]).code == "session_revoked"
                    assert shopper.try_refresh(reply.json["refresh_token"]).code == "refresh_invalid"
            assert rows.user(shopper.phone)["status"] == "closing"


def test_closing_many_times_at_once_closes_once(live, live_shopper, engine):
    live_shopper.register()
    with connected(live, CROWD) as clients:
        replies = in_parallel(6, lambda i: _close(clients[i], live_shopper))
    assert told_apart(replies).get("202") == 1
    assert told_apart(replies).keys() <= {"202", "401 session_revoked"}
    assert _types(engine, "closing") == 1


def test_close_and_log_in_at_once(live, live_shopper, rows, engine):
    """A token that was given lives if the account is open, or it was given before the close."""
    with connected(live, CROWD) as clients:
        for turn in range(8):
            shopper = live_shopper.another()
            shopper.register()

            def act(i, shopper=shopper):
                if i == 0:
                    return _close(clients[i], shopper)
                body = {"account": shopper.username, "password": shopper.password}
                return settled(lambda: clients[i].post("/v1/login", json=body))

            replies = in_parallel(8, act)
            assert told_apart(replies[:1]) == {"202": 1}
            assert told_apart(replies[1:]).keys() <= {"200", "401 invalid_credentials"}
            alive = [r for r in replies[1:] if r.status == 200 and shopper.me(r.json["access_token"]).status == 200]
            is_open = rows.user(shopper.phone)["status"] == "active"
            assert bool(alive) == is_open
            assert _types(engine, "closing") == turn + 1
            with engine.connect() as connection:
                reopened = connection.execute(
                    select(SecurityEvent.id).where(
                        SecurityEvent.type == "reopened", SecurityEvent.user_id == rows.user(shopper.phone)["id"]
                    )
                ).all()
            assert len(reopened) == int(is_open)


def test_erase_and_log_in_at_once(live, live_shopper, engine, make_app):
    """Either opened again whole, or erased whole; the time runs out while they come."""
    job = make_app(clock=lambda: datetime.now(UTC)).extensions["dongbao"].erasure
    outcomes = set()
    with connected(live, CROWD) as clients:
        for turn in range(TURNS):
            if turn >= STEPS and outcomes == {"active", "erased"}:
                break
            shopper = live_shopper.another()
            user_id = shopper.register()["user"]["id"]
            assert _close(live_shopper.client, shopper).status == 202
            due = datetime.now(UTC) + timedelta(milliseconds=25 * (turn % STEPS))
            with engine.begin() as connection:
                connection.execute(update(User).where(User.id == user_id).values(erase_after=due))

            def act(i, shopper=shopper, user_id=user_id, due=due):
                if i >= 4:
                    while datetime.now(UTC) < due + timedelta(milliseconds=30):
                        job.erase(user_id)
                    return None
                body = {"account": shopper.username, "password": shopper.password}
                return settled(lambda: clients[i].post("/v1/login", json=body))

            replies = [reply for reply in in_parallel(6, act) if reply]
            job.erase(user_id)
            with engine.connect() as connection:
                user = connection.execute(select(User.__table__).where(User.id == user_id)).one()
                sessions = connection.execute(select(Session.id).where(Session.user_id == user_id)).all()
            outcomes.add(user.status)
            entered = [reply for reply in replies if reply.status == 200]
            if user.status == "erased":
                assert not sessions
                assert not entered
                assert not where_is(shopper.username, engine)
            else:
                assert (user.status, user.username, user.erase_after) == ("active", shopper.username, None)
                assert entered
                for reply in entered:
                    assert shopper.me(reply.json["access_token"]).status == 200
    assert outcomes == {"active", "erased"}


def test_an_operator_locks_the_account_while_it_refreshes(live, live_shopper, make_app):
    """R26: 20 refreshes are under way; after the lock no token is good, and none comes back when it is unlocked."""
    operators = make_app().extensions["dongbao"].operators
    with connected(live, CROWD + 1) as clients:
        for _ in range(6):
            shopper = live_shopper.another()
            user_id = shopper.register()["user"]["id"]
            tokens = [shopper.login()["refresh_token"] for _ in range(CROWD // 4)] * 4

            def act(i, user_id=user_id, tokens=tokens):
                if i == CROWD:
                    return operators.disable(user_id)
                body = {"refresh_token": tokens[i]}
                return settled(lambda: clients[i].post("/v1/token/refresh", json=body))

            *replies, changed = in_parallel(CROWD + 1, act)
            assert changed
            assert told_apart(replies).keys() <= {"200", "401 refresh_invalid"}
            assert shopper.try_login().code == "invalid_credentials"
            operators.enable(user_id)
            for reply in replies:
                if reply.status == 200:
                    assert shopper.me(reply.json["access_token"]).code == "session_revoked"
                    assert shopper.try_refresh(reply.json["refresh_token"]).code == "refresh_invalid"
            shopper.login()
