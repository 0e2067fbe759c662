"""Connections that are taken, and a lock that another writer holds: nobody waits for long, and no hash is paid for nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.migrate import migrate
from models.database import connect_database
from models.deadlines import within
from tests.clients import InProcessClient
from tests.faults.asking import ask, ask_together, said
from tests.shopper import new_username

AWAY = {"service_unavailable"}


def database_of(app):
    return app.extensions["dongbao"].database


def test_no_hash_is_paid_where_no_connection_is_free(make_app, shopper):
    """R39, F12: neither by a login nor by a registration."""
    ticket = shopper.another().prove()
    app = make_app(argon2_memory_kib=65536, argon2_iterations=8, threads=4, database_timeout_seconds=0.4)
    started = time.thread_time()
    PasswordHasher(memory_cost=65536, time_cost=8, parallelism=1).hash("a password")
    price = time.thread_time() - started
    busy = shopper.on(InProcessClient(app))
    with ExitStack() as taken:
        for _ in range(database_of(app).engine.pool.size()):
            taken.enter_context(database_of(app).connection())
        started = time.thread_time()
        assert busy.try_login().code == busy.fill_in(ticket).code == "service_unavailable"
        assert time.thread_time() - started < price / 2
    assert shopper.fill_in(ticket).status == 201


def test_who_has_little_time_left_waits_no_longer_for_a_connection(database_url):
    """R53, F12: and learns nothing by it: who has more time waits on."""
    database = connect_database(database_url, pool_size=1, timeout_seconds=4)
    with ThreadPoolExecutor(1) as beside, ExitStack() as taken:
        taken.enter_context(database.connection())
        started = time.monotonic()
        with within(0.5), pytest.raises(PoolTimeout):
            database.now()
        assert time.monotonic() - started < 1.5
        waiting = beside.submit(database.now)
        time.sleep(0.2)
        taken.close()
        assert waiting.result()
    database.engine.dispose()


@pytest.fixture
def lock(config, tmp_path):
    """The URL of a SQLite of its own, and a connection to lock it with."""
    url = f"sqlite:///{tmp_path / 'locked.sqlite3'}"
    migrate(replace(config, database_url=url))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        yield url, other
    engine.dispose()


def test_a_sqlite_that_another_writer_has_locked(make_app, make_shopper, lock):
    """R53, F13: writing is 503 after its wait, also in a crowd; reading goes on; then all is well."""
    url, other = lock
    app = make_app(database_url=url, threads=8, database_timeout_seconds=2)
    shopper = make_shopper(app)
    shopper.register()
    ticket = shopper.another().prove()
    form = {"ticket": ticket, "username": new_username()}
    other.exec_driver_sql("BEGIN IMMEDIATE")
    writes = {"register": lambda: shopper.fill_in(**form), "refresh": shopper.try_refresh}
    assert said(ask_together(writes, times=10)) == {"register": AWAY, "refresh": AWAY}
    assert ask(lambda: shopper.client.get("/v1/sessions", token=shopper.access_token)).said == 200
    other.exec_driver_sql("ROLLBACK")
    assert shopper.fill_in(**form).status == 201
    shopper.refresh()


def test_guesses_count_though_the_request_fails(make_app, make_shopper, shopper):
    """R10, F19: what the database's absence makes of a request takes no guess back."""
    shopper.register()
    limits = {"LIMIT_LOGIN_PER_ACCOUNT": "4/minute", "sms_code_attempts": 3}
    here = shopper.on(InProcessClient(make_app(**limits)))
    away = shopper.on(InProcessClient(make_app(database_url="sqlite:////nonexistent/x", **limits)))
    for _ in range(4):
        assert away.try_login(password="a wrong guess").code == "service_unavailable"
    assert here.try_login().code == "rate_limited"
    newcomer = here.another()
    sms_id = newcomer.send_code()
    for _ in range(3):
        assert away.verify(sms_id, newcomer.wrong_code()).code in {"code_incorrect", "code_expired"}
    assert here.verify(sms_id, newcomer.last_code()).code == "code_expired"
