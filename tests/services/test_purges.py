"""Old rows go, a batch at a time, and no others."""

import pytest
from sqlalchemy import func, select

from api.jobs import build_jobs
from models import SecurityEvent, Session
from services import purges

DAY = 86400


@pytest.fixture
def count(engine):
    def read(model):
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(model))

    return read


@pytest.fixture
def run(client):
    jobs = build_jobs(client.app.extensions["dongbao"])
    return lambda name: jobs.run(jobs.by_name[name])


def test_events_are_kept_for_a_year(shopper, clock, run, count):
    shopper.register()
    clock.advance(seconds=364 * DAY)
    shopper.login()
    assert run("events_purge") == 0
    clock.advance(seconds=2 * DAY)
    assert run("events_purge") == 1
    assert count(SecurityEvent) == 1


def test_sessions_are_kept_for_two_hundred_days_from_their_end(shopper, clock, run, count):
    """One is logged out at once, one expires after thirty days, one is carried on until now."""
    shopper.register()
    shopper.logout()
    shopper.login()
    clock.advance(seconds=199 * DAY)
    shopper.login()
    assert run("sessions_purge") == 0
    clock.advance(seconds=2 * DAY)
    assert run("sessions_purge") == 1
    clock.advance(seconds=20 * DAY)
    shopper.refresh()
    assert run("sessions_purge") == 0
    clock.advance(seconds=10 * DAY)
    assert run("sessions_purge") == 1
    assert count(Session) == 1
    shopper.refresh()


def test_more_than_a_batch_is_deleted(shopper, clock, run, count, monkeypatch):
    monkeypatch.setattr(purges, "BATCH", 3)
    shopper.register()
    for _ in range(9):
        shopper.login()
    clock.advance(seconds=366 * DAY)
    assert run("events_purge") == 10
    assert run("sessions_purge") == 10
    assert (count(SecurityEvent), count(Session)) == (0, 0)
