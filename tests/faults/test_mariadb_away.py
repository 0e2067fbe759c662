"""MariaDB hangs, is gone, is started again, or somebody holds its locks: as with PostgreSQL, only that it says so otherwise."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.config import read_config
from api.migrate import migrate
from tests.faults.asking import AWAY, CROWD, PROMISED, Visit, ask_together, said, seconds_of_most, wait_until_back
from tests.servers.live import LiveServer
from tests.servers.mariadb import MariadbServer
from tests.settings import environment, environment_of
from tests.shopper import new_username

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def mariadb(redis_url, instance):
    # Started again after it was killed, it must have what it has acknowledged.
    server = MariadbServer("--innodb-flush-log-at-trx-commit=2")
    with environment_of(environment(instance, server.url, redis_url)):
        migrate(read_config())
    yield server
    server.remove()


@pytest.fixture(scope="module")
def shop(mariadb, redis_url):
    """The real server, as patient with its database as in production."""
    server = LiveServer(mariadb.url, redis_url)
    server.start(DATABASE_TIMEOUT_SECONDS=2)
    yield server
    server.remove()


@pytest.fixture
def visit(visitor):
    return Visit.of(visitor, codes=CROWD)


def test_a_silent_database(mariadb, visit):
    """R20, R53, F11: each call is answered in time, 60 at once too; then nobody waits; and nothing was lost."""
    with mariadb.frozen():
        assert said(ask_together(visit.calls(), times=CROWD)) == PROMISED
        again = ask_together({"sessions": visit.calls()["sessions"]}, times=9)["sessions"]
        assert sorted(answer.seconds for answer in again)[4] < 1.5
    wait_until_back(visit.shopper.client)
    visit.goes_on()


def test_a_database_that_refuses_and_starts_again(mariadb, visit):
    """R20, R25, F11: 503 while it is away; then no call fails, though every connection in the pools is of before."""
    mariadb.stop()
    try:
        assert said(ask_together(visit.calls(), times=2)) == PROMISED
    finally:
        mariadb.start()
    wait_until_back(visit.shopper.client)
    visit.goes_on()
    mariadb.stop()
    mariadb.start()
    assert said(ask_together({"login": visit.shopper.try_login}, times=10)) == {"login": {200}}


def test_a_table_that_is_locked_holds_up_nobody_who_needs_none(mariadb, visit):
    """R53, F12: the server answers that it can't, in time, and so nobody takes it for silent."""
    with mariadb.connect() as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLES dongbao.users WRITE")
        with ThreadPoolExecutor(1) as beside:
            told = beside.submit(ask_together, {"login": lambda: visit.shopper.try_login(new_username())}, 12)
            time.sleep(1)
            assert seconds_of_most(visit.shopper.me) < 1.5
            assert said(told.result()) == {"login": AWAY}
        sessions = ask_together({"sessions": visit.calls()["sessions"]}, times=9)
        assert said(sessions) == {"sessions": {200}}
        cursor.execute("UNLOCK TABLES")
    assert visit.shopper.try_login().status == 200
