"""The attack simulator: a small attack, as its user runs it, and the clock that it turns."""

import subprocess
import sys

import pytest

from api.config import ROOT
from bench.attack.hand_turned import HandTurnedRedis
from bench.attack.referee import most_within

SMALL = ("--scale", "0.02", "--shoppers", "2000", "--only", "pump-anywhere", "--bots", "idle", "--set", "SMS_PER_DAY=9")


@pytest.fixture(scope="module")
def report():
    """The report of a fiftieth of the attack that is hardest to tell from shoppers."""
    command = [sys.executable, "-m", "bench.attack", *SMALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def row(report):
    """The line of its table, by the names of its columns."""
    head, _, cells = (line.strip("| ").split(" | ") for line in report.splitlines()[:3])
    return dict(zip(head, cells, strict=True))


def percent(text):
    return float(text.removesuffix(" %"))


def test_the_goals_are_reached_at_a_small_scale(row):
    assert row["tries"] == "2,000"
    assert percent(row["stopped after 10 min"]) >= 98
    assert int(row["honest shoppers"]) > 100
    assert percent(row["refused"]) <= 1
    assert percent(row["asked for work"]) <= 5


def test_a_row_says_what_is_not_as_by_default(row):
    assert row["attack"].endswith(", `SMS_PER_DAY=9`, at 0.02 of its size")


def test_nobody_is_told_anything_strange(report):
    assert "challenge_required" in report
    assert "STRANGE" not in report


def test_time_passes_for_its_redis_when_it_is_turned():
    redis = HandTurnedRedis(1_700_000_000)
    try:
        with redis.connect() as client:
            client.set("key", "value", ex=60)
            redis.turn_to(1_700_000_059)
            seconds, microseconds = client.time()
            assert seconds + microseconds / 1e6 == pytest.approx(1_700_000_059, abs=0.01)
            assert client.get("key") == b"value"
            redis.turn_to(1_700_000_061)
            assert client.get("key") is None
    finally:
        redis.process.kill()


def test_the_referee_counts_the_most_in_any_time_on_end():
    assert most_within([0, 60, 61, 119, 120, 300], 60) == 3
    assert most_within([], 60) == 0
