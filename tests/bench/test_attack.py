"""The attack simulator: small attacks, as its user runs it, and the clock that it turns."""

import re
import subprocess
import sys

import pytest

from api.config import ROOT
from bench.attack.hand_turned import HandTurnedRedis
from bench.attack.referee import most_within

SMALL = ("--scale", "0.02", "--shoppers", "2000", "--only", "pump-anywhere", "--bots", "idle", "--set", "SMS_PER_DAY=9")
VICTIM = re.compile(r"The victim got at most (\d+) in a minute, (\d+) in an hour, (\d+) in a day")


def reported(*options):
    """What the simulator prints."""
    command = [sys.executable, "-m", "bench.attack", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def first_row(report):
    """The first line of its table, by the names of its columns."""
    head, _, cells = (line.strip("| ").split(" | ") for line in report.splitlines()[:3])
    return dict(zip(head, cells, strict=True))


@pytest.fixture(scope="module")
def report():
    """The report of a fiftieth of the attack that is hardest to tell from shoppers."""
    return reported(*SMALL)


@pytest.fixture(scope="module")
def row(report):
    return first_row(report)


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


def test_a_victim_of_bombing_gets_no_more_than_its_caps():
    """R17: one message a minute, five an hour, ten a day, however much work the bots do."""
    report = reported("--scale", "0.01", "--shoppers", "50", "--only", "bomb", "--bots", "working")
    assert "STRANGE" not in report
    minute, hour, day = map(int, VICTIM.search(report).groups())
    assert minute == 1
    assert hour <= 5
    assert 5 < day <= 10
    assert int(first_row(report)["tries"]) > 5 * day


def test_spraying_by_bots_that_do_no_work_ends():
    """R16: common passwords on many accounts, from many addresses."""
    report = reported("--scale", "0.01", "--shoppers", "300", "--only", "spray", "--bots", "idle")
    sprayed = first_row(report)
    assert "STRANGE" not in report
    assert sprayed["tries"] == "500"
    assert int(sprayed["guesses answered"]) < 100
    assert percent(sprayed["stopped after 10 min"]) >= 90
    assert percent(sprayed["refused"]) <= 1


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
