"""The database hangs, is gone, or gives no connection: what each call says meanwhile, and how soon all is well again."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from tests.faults.asking import (
    AWAY,
    CROWD,
    PROMISED,
    Visit,
    ask,
    ask_together,
    said,
    seconds_of_most,
    wait_until_back,
)
from tests.faults.wire import end_connections
from tests.shopper import new_username
from tests.timetravel import age_redis
from tests.waiting import wait_until


@pytest.fixture
def visit(visitor):
    return Visit.of(visitor, codes=CROWD)


@pytest.mark.parametrize("fault", ["frozen", "cut off"])
def test_a_silent_database(postgres, wire, visit, fault):
    """R20, R53, F11: each call is answered in time, 60 at once too; then nobody waits; and nothing was lost."""
    client = visit.shopper.client
    with postgres.frozen() if fault == "frozen" else wire.dead():
        assert said(ask_together(visit.calls(), times=CROWD)) == PROMISED
        assert seconds_of_most(visit.shopper.me) < 1.5, "who needs no database waits for it"
        again = ask_together({"sessions": visit.calls()["sessions"]}, times=9)["sessions"]
        waits = sorted(answer.seconds for answer in again)
        assert waits[4] < 1.5, "more than the one that looks wait for a database that is known to be silent"
        assert ask(lambda: client.get("/readyz")).reply.json["checks"]["database"] == "unreachable"
        assert client.get("/healthz").status == 200
    wait_until_back(client)
    visit.goes_on()


def test_a_database_that_refuses_and_starts_again(postgres, visit):
    """R20, R25, F11: 503 while it is away; then no call fails, though every connection in the pools is of before."""
    postgres.stop()
    try:
        assert said(ask_together(visit.calls(), times=2)) == PROMISED
    finally:
        postgres.start()
    wait_until_back(visit.shopper.client)
    visit.goes_on()
    postgres.stop()
    postgres.start()
    assert said(ask_together({"login": visit.shopper.try_login}, times=10)) == {"login": {200}}


def test_a_database_that_is_away_for_longer_than_the_cache_remembers(postgres, visit, redis):
    """R20, F11: after a minute no token is believed any more; codes are still sent, and nothing was lost."""
    postgres.stop()
    try:
        age_redis(redis, 61)
        wait_until(lambda: visit.shopper.me().status == 503, "the end of what was remembered")
        assert said(ask_together(visit.calls(), times=2)) == PROMISED | {"me": AWAY}
    finally:
        postgres.start()
    wait_until_back(visit.shopper.client)
    assert visit.shopper.me().status == 200
    visit.goes_on()


def test_connections_that_the_server_ends_are_replaced_before_anybody_meets_them(postgres, wire, visit):
    """F11: as a restart or a fail-over ends them."""
    ask_together({"login": visit.shopper.try_login}, times=10)
    assert end_connections(postgres, wire)
    assert said(ask_together({"login": visit.shopper.try_login}, times=10)) == {"login": {200}}


def test_a_database_whose_connections_are_all_taken(postgres, visit):
    """R20, F12: by others; what has its connection goes on, the rest is told 503."""
    taken = []
    assert postgres.end_connections()
    with postgres.connect():
        try:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.append(postgres.connect())
            assert said(ask_together(visit.calls(), times=2)) == PROMISED
        finally:
            for connection in taken:
                connection.close()
    wait_until_back(visit.shopper.client)
    visit.goes_on()


def test_a_table_that_is_locked_holds_up_nobody_who_needs_none(postgres, visit):
    """R53, F12: a slow database fills the connections, and not the threads; every wait ends in time."""
    storm = {"login": lambda: visit.shopper.try_login(new_username())}
    with postgres.connect() as other, other.transaction():
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as beside:
            told = beside.submit(ask_together, storm, 60)
            time.sleep(1.3)
            assert seconds_of_most(visit.shopper.me) < 1.5
            assert said(told.result()) == {"login": AWAY}
    wait_until_back(visit.shopper.client)
    assert visit.shopper.try_login().status == 200


def test_a_standby_that_takes_no_writes(postgres, visit):
    """R20, F16: as after a fail-over that the application has not followed yet."""
    writes = ("register", "refresh", "rename", "logout")
    with postgres.connect() as beside:
        beside.execute("ALTER ROLE dongbao SET default_transaction_read_only = on")
        postgres.end_connections()
        try:
            calls = {name: call for name, call in visit.calls().items() if name in writes}
            assert said(ask_together(calls)) == dict.fromkeys(writes, AWAY)
            assert visit.shopper.me().status == 200
        finally:
            beside.execute("ALTER ROLE dongbao RESET default_transaction_read_only")
            postgres.end_connections()
    visit.goes_on()
