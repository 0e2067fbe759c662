"""No room on the disk, for real: neither database may grow its files."""

import itertools
from contextlib import contextmanager, suppress
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from api.migrate import migrate
from tests.faults.asking import ask_together, said
from tests.shopper import new_username

FILL = (
    "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows})"
    " INSERT INTO users (id, username, username_key, email, password_hash, status, credential_version, created_at)"
    " SELECT 'filler-{batch}-' || n, 'filler', 'filler-{batch}-' || n, '', '', 'disabled', 1, '2026-01-01 00:00:00' FROM s"
)
AWAY = {"service_unavailable"}


@contextmanager
def full(execute):
    """The table of users filled to its last page; ``execute`` raises where there is no room."""
    batches = itertools.count()
    for rows in (1000, 100, 10, 1):
        with suppress(psycopg.errors.InternalError, OperationalError):
            while True:
                execute(FILL.format(batch=next(batches), rows=rows))
    try:
        yield
    finally:
        execute("DELETE FROM users WHERE username = 'filler'")


@pytest.fixture
def ticket(visitor):
    return visitor.register() and visitor.another().prove()


def test_a_postgresql_without_room(postgres, visitor, ticket):
    """R20, F18: nothing is half there, what needs no new page goes on, and the ticket is good for the day when there is room."""
    form = {"ticket": ticket, "username": new_username()}
    calls = {
        "register": lambda: visitor.fill_in(**form),
        "login": visitor.try_login,
        "refresh": visitor.try_refresh,
        "me": visitor.me,
        "sessions": lambda: visitor.client.get("/v1/sessions", token=visitor.access_token),
    }
    with postgres.connect() as beside:
        with full(beside.execute):
            told = said(ask_together(calls))
            assert told.pop("register") == AWAY
            assert told == {name: {200} for name in told}
            assert visitor.client.get("/v1/register/availability", query=form).json["available"]
        beside.execute("VACUUM users")
    assert visitor.fill_in(**form).status == 201


def test_a_sqlite_without_room(make_app, make_shopper, config, tmp_path):
    """R20, F18: as long as there is none 503, reading goes on, and the ticket is good afterwards."""
    url = f"sqlite:///{tmp_path / 'full.sqlite3'}"
    migrate(replace(config, database_url=url))
    app = make_app(database_url=url)
    shopper = make_shopper(app)
    shopper.register()
    form = {"ticket": shopper.another().prove(), "username": new_username()}
    engine = app.extensions["dongbao"].database.engine
    # Each connection has a limit of its own, and none can have less than there is.
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA max_page_count = 1"))
    with engine.connect() as beside, full(beside.exec_driver_sql):
        assert {shopper.fill_in(**form).code for _ in range(3)} == AWAY
        assert shopper.client.get("/v1/sessions", token=shopper.access_token).status == 200
    assert shopper.fill_in(**form).status == 201
