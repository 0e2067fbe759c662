"""A login that fails tells nobody why: not by its words, not by its headers, not by its time."""

import itertools
import random
import statistics
import time
from contextlib import closing

import pytest
from sqlalchemy import text

from tests.hostile.soundness import SoundClient
from tests.races.crowd import KeptClient
from tests.settings import PLENTY

SAMPLES = 60
TIMED = ("wrong password", "unknown name", "unknown phone", "disabled, right password")
REAL_COSTS = {"ARGON2_MEMORY_KIB": 19456, "ARGON2_ITERATIONS": 2}
pytestmark = pytest.mark.settings(LIMIT_LOGIN_PER_ACCOUNT=PLENTY, **REAL_COSTS)


@pytest.fixture
def attempts(live_shopper, engine):
    """Bodies of logins that fail, each for another reason."""
    live_shopper.register()
    disabled = live_shopper.another()
    disabled.register()
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE users SET status = 'disabled' WHERE username = :name"), {"name": disabled.username}
        )
    right, wrong = live_shopper.password, "not the password at all"
    return {
        "wrong password": {"account": live_shopper.username, "password": wrong},
        "wrong password by phone": {"account": live_shopper.phone, "password": wrong},
        "unknown name": {"account": live_shopper.username + "-x", "password": wrong},
        "unknown phone": {"account": live_shopper.another().phone, "password": wrong},
        "unverified address": {"account": "shopper@example.com", "password": right},
        "unknown address": {"account": "nobody@example.com", "password": wrong},
        "disabled, wrong password": {"account": disabled.username, "password": wrong},
        "disabled, right password": {"account": disabled.username, "password": right},
    }


def test_every_failed_login_is_alike(live, live_client, attempts):
    """R47: the same bytes and headers but for the request's id and the date, and the same time.

    Times are compared as medians of interleaved attempts at the real cost of a hash: one that is left out shows as a tenth.
    """
    assert len({_said(live_client.post("/v1/login", json=body)) for body in attempts.values()}) == 1

    taken = {reason: [] for reason in TIMED}
    with closing(KeptClient(live.url)) as kept:
        client = SoundClient(kept)
        for reason in itertools.chain.from_iterable(random.sample(TIMED, len(TIMED)) for _ in range(SAMPLES)):
            started = time.perf_counter()
            assert client.post("/v1/login", json=attempts[reason]).status == 401
            taken[reason].append(time.perf_counter() - started)
    medians = {reason: statistics.median(times) for reason, times in taken.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians
    assert min(medians.values()) > 0.005, "no hash of that cost is so fast"


def _said(reply):
    """All of a reply that could tell something."""
    request_id = reply.headers["X-Request-ID"]
    headers = [(name, value) for name, value in reply.headers if name.lower() not in ("x-request-id", "date")]
    return reply.status, tuple(headers), reply.body.replace(request_id.encode(), b"")
