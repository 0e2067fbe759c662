"""The database hangs, is gone, or gives no connection: what each call says meanwhile, and how soon all is well again."""

import time

import pytest

from tests.faults.asking import Visit, ask, ask_together, said
from tests.waiting import wait_until

AWAY = {"service_unavailable"}
# What a shopper is told while there is no database: a code can be sent, a profile read that was read a moment ago.
PROMISED = dict.fromkeys(
    ("verify", "register", "available", "login", "refresh", "sessions", "rename", "logout"), AWAY
) | {"send": {202}, "me": {200}}
BACK_SECONDS = 2


CROWD = 6


@pytest.fixture
def visit(shopper):
    return Visit.of(shopper, codes=CROWD)


def is_back(client):
    return client.get("/readyz").status == 200


def wait_until_back(client):
    """All workers have found out, within the time that is promised."""
    wait_until(lambda: all(is_back(client) for _ in range(16)), "the database's return", seconds=BACK_SECONDS)


@pytest.mark.parametrize("fault", ["frozen", "cut off"])
def test_a_silent_database(postgres, wire, visit, fault):
    """R20, R53: each call is answered in time, 60 at once too; then nobody waits; and nothing was lost."""
    client = visit.shopper.client
    with postgres.frozen() if fault == "frozen" else wire.dead():
        assert said(ask_together(visit.calls(), times=CROWD)) == PROMISED
        me = max(ask(visit.shopper.me).seconds for _ in range(8))
        assert me < 1, "who needs no database waits for it"
        assert ask(lambda: client.get("/readyz")).reply.json["checks"]["database"] == "unreachable"
        assert client.get("/healthz").status == 200
    wait_until_back(client)
    visit.goes_on()
