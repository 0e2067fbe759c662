"""The examples run, and the client for browsers refreshes as it says."""

import ast
import json
import subprocess
import sys
from datetime import timedelta

import pytest

from api.config import ROOT
from services.clock import system_clock
from services.keyring import Keyring
from services.tokens import Tokens
from tests.settings import SECRET


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _an_hour_ago():
    return system_clock() - timedelta(hours=1)


@pytest.fixture
def play(live, live_shopper):
    """Play a scene of refreshing.js for a shopper whose access token has expired."""
    live_shopper.register()
    today, an_hour_ago = (Tokens(Keyring([SECRET]), clock, 900, 2592000) for clock in (system_clock, _an_hour_ago))
    tokens = {
        "access_token": an_hour_ago.sign_access(today.read_refresh(live_shopper.refresh_token)),
        "refresh_token": live_shopper.refresh_token,
    }
    return lambda scene: json.loads(run("node", "tests/docs/refreshing.js", scene, live.url, json.dumps(tokens)))


def test_the_walk_in_javascript_arrives(live):
    registered, logged_in, refused, end = run("node", "examples/walk.js", live.url).splitlines()
    assert registered.startswith("Registered 李四-136")
    assert (logged_in, refused, end) == ("Logged in 2 times.", "Refused: invalid_credentials.", "Logged out. Good-bye.")


def test_the_walk_in_python_arrives(live):
    assert ast.literal_eval(run(sys.executable, "examples/client.py", live.url))["status"] == "active"


@pytest.mark.settings(CHALLENGE="always")
def test_both_walks_do_the_work_that_they_are_asked_for(live):
    assert run("node", "examples/walk.js", live.url).endswith("Good-bye.\n")
    assert ast.literal_eval(run(sys.executable, "examples/client.py", live.url))["status"] == "active"


def test_ten_calls_with_an_expired_token_share_one_refresh(play, live_shopper):
    played = play("together")
    assert played["refreshes"] == 1
    assert [profile["username"] for profile in played["results"]] == [live_shopper.username] * 10


def test_a_lost_reply_is_asked_for_again_within_the_grace(play, live_shopper):
    played = play("a lost reply")
    assert played["refreshes"] == 2
    assert played["results"][0]["username"] == live_shopper.username


def test_two_tabs_may_refresh_one_token(play):
    played = play("two tabs")
    assert played["refreshes"] == 2
    assert len(played["results"]) == 2
    assert played["loggedOut"] == 0


def test_an_ended_session_is_told_once(play, live_shopper):
    live_shopper.logout()
    played = play("an ended session")
    assert played == {"refreshes": 1, "loggedOut": 1, "results": ["refresh_invalid", "refresh_invalid", False]}
