"""Old rows go, a batch at a time, and no others."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select

from api.jobs import build_jobs
from models import SecurityEvent, Session
from services import purges
from services.ids import first_id

DAY = 86400
MANY = 5000


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


@pytest.fixture
def add(engine, clock):
    """Make many rows, days old, that differ by their ids."""

    def write(model, number, days, **values):
        at = clock() - timedelta(days=days)
        made = [values | {"id": f"{first_id(at)}{i:020}"} for i in range(number)]
        with engine.begin() as connection:
            connection.execute(insert(model), made)

    return write


@pytest.fixture
def batches(client):
    """Notes how many rows each statement deleted; ``meanwhile`` is called before each."""

    @contextmanager
    def noted(meanwhile=lambda: None):
        engine, sizes = client.app.extensions["dongbao"].database.engine, []

        def before(connection, cursor, statement, *_):
            if statement.startswith("DELETE"):
                meanwhile()

        def after(connection, cursor, statement, *_):
            if statement.startswith("DELETE"):
                sizes.append(cursor.rowcount)

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        yield sizes
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)

    return noted


def test_between_two_batches_others_write(shopper, clock, run, count, add, batches):
    """Each batch is a transaction of its own: the earlier ones are gone for everybody, and nothing is locked."""
    shopper.register()
    add(SecurityEvent, MANY, 366, user_id="0" * 32, type="logged_in", at=clock() - timedelta(days=366))
    seen = []

    def write():
        shopper.login()
        seen.append(count(SecurityEvent))

    with batches(write) as sizes:
        assert run("events_purge") == MANY
    assert sizes == [purges.BATCH] * 5
    assert seen == [MANY + 2 - i * (purges.BATCH - 1) for i in range(5)]


def test_rows_that_stay_make_no_batch_longer(shopper, clock, run, rows, count, add, batches):
    """Sessions that began long ago and ended of late lie before one that may go."""
    shopper.register()
    user_id, now, long_ago = rows.user(shopper.phone)["id"], clock(), clock() - timedelta(days=201)
    times = dict.fromkeys(("created_at", "refreshed_at", "ends_at"), now)
    facts = {"user_id": user_id, "counter": 1, "device": "", "ip": "", **times}
    add(Session, 2500, 250, **facts, expires_at=now)
    add(Session, 1, 240, **facts, expires_at=long_ago)
    with batches() as sizes:
        assert run("sessions_purge") == 1
    assert sizes == [0, 0, 1]
    assert count(Session) == 2501


def test_a_run_ends_in_time_and_the_next_goes_on(clock, run, count, add, monkeypatch):
    add(SecurityEvent, 1, 366, user_id="0" * 32, type="logged_in", at=clock() - timedelta(days=366))
    monkeypatch.setattr(purges, "RUN_SECONDS", 0)
    assert run("events_purge") == 0
    monkeypatch.undo()
    assert run("events_purge") == 1
