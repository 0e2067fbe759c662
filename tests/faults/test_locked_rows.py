"""A row that somebody else has locked: the wait ends as an answer of the database, and what was given up is not done later."""

import time

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from models import User
from models.database import connect_database
from models.deadlines import within
from models.drivers import was_cut_short
from tests.parallel import in_parallel

pytestmark = pytest.mark.mysql
LATE = "renamed-too-late"


@pytest.fixture
def database(database_url, monkeypatch):
    """Whose answer is waited for long enough where a busy machine holds it up."""
    monkeypatch.setattr("models.drivers.GRACE_SECONDS", 1.5)
    database = connect_database(database_url, 4, 3)
    yield database
    database.engine.dispose()


@pytest.fixture
def other(engine, shopper):
    """Somebody's transaction, in which the row was changed."""
    shopper.register()
    with engine.connect() as other:
        other.execute(update(User).values(username="renamed-in-time"))
        yield other


def rename(database):
    with pytest.raises(DBAPIError) as told, database.connection() as connection:
        connection.execute(update(User).values(username=LATE))
    return told.value


def name_of_all(engine):
    with engine.connect() as connection:
        return connection.execute(select(User.username)).scalars().all()


def test_the_database_itself_ends_what_takes_too_long(database, other, engine):
    """F12: four waits in a row are four answers: it is not left alone; and once the lock is gone nothing of them is done."""
    told = in_parallel(4, lambda _: rename(database))
    assert not any(error.connection_invalidated for error in told)
    assert not database.is_left_alone
    other.commit()
    time.sleep(0.3)
    assert name_of_all(engine) == ["renamed-in-time"]


def test_a_wait_that_a_deadline_cut_short_is_no_silence(database, other):
    """F12: who had half a second learns nothing of a database whose statements may take longer."""

    def rename_soon(_):
        with within(0.5):
            return rename(database)

    for _ in range(2):
        in_parallel(4, rename_soon)
    assert not database.is_left_alone


def test_a_deadline_holds_for_each_statement_of_a_connection(database, other):
    """F12: what the first one took is not there for the second."""
    with within(1.5), database.connection() as connection:
        connection.execute(select(User.id))
        time.sleep(1)
        started = time.monotonic()
        with pytest.raises(DBAPIError) as told:
            connection.execute(update(User).values(username=LATE))
    assert was_cut_short(told.value) or time.monotonic() - started < 1
