"""``flask accounts …``: what an operator types when a shopper calls."""

import json
import os
import pty
import subprocess
import sys

import pytest

from api.config import ROOT
from tests.changes import move
from tests.settings import environment
from tests.shopper import new_phone

ACTS = ("disable", "enable", "logout", "anonymise", "undo-phone")


@pytest.fixture
def run(client):
    """Run ``flask accounts`` with these words; exit code, what it printed, what it complained of."""

    def run(*words):
        result = client.app.test_cli_runner().invoke(args=["accounts", *words])
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def registered(shopper):
    shopper.register(username="张三", phone="+8613800138000", email="zhang.san@example.com")
    return shopper


@pytest.mark.parametrize("name", ["张三", "13800138000", "+86 138 0013 8000", "Zhang.San@example.com", "id"])
def test_an_account_is_found_by_whatever_the_shopper_says(registered, run, rows, name):
    rows.verify_email(registered.phone, "zhang.san@example.com")
    code, said, _ = run("show", rows.user(registered.phone)["id"] if name == "id" else name)
    assert code == 0
    assert "user name    张三" in said
    assert "registered" in said


def test_what_is_shown_is_masked(registered, run):
    """R45: an operator sees no whole phone and no whole address."""
    for words in (("show", "张三"), ("show", "张三", "--json"), ("logout", "张三", "--yes", "--json")):
        code, said, _ = run(*words)
        assert (code, "+86138****8000" in said) == (0, True)
        assert "13800138000" not in said
        assert "zhang.san" not in said
        assert "argon2" not in said


def test_json_is_one_object(registered, run):
    shown = json.loads(run("show", "张三", "--json")[1])
    assert (shown["status"], shown["sessions"], shown["email_verified"]) == ("active", 1, False)
    done = json.loads(run("disable", "张三", "--yes", "--json")[1])
    assert (done["changed"], done["account"]["status"], done["account"]["sessions"]) == (True, "disabled", 0)
    assert json.loads(run("purge", "--json")[1]) == {"erased": 0}


@pytest.mark.parametrize("act", ["show", *ACTS])
@pytest.mark.parametrize("name", ["nobody-at-all", "13800138001", "0" * 32, "no@example.com", "\n"])
def test_an_account_that_is_not_there_ends_with_1(run, act, name):
    code, said, complaint = run(act, name)
    assert (code, said) == (1, "")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("act", ACTS)
def test_without_a_terminal_and_without_yes_nothing_is_done(registered, run, rows, act):
    before = rows.user(registered.phone)
    code, said, complaint = run(act, "张三")
    assert (code, said) == (2, "")
    assert complaint == "Nobody is there to ask: say --yes. Nothing was changed.\n"
    assert rows.user(registered.phone) == before
    assert registered.me().status == 200


@pytest.mark.parametrize(("answer", "code", "status"), [(b"n\n", 2, "active"), (b"y\n", 0, "disabled")])
def test_at_a_terminal_it_asks(registered, rows, instance, database_url, redis_url, answer, code, status):
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "accounts", "disable", "13800138000"]
    env = environment(instance, database_url, redis_url)
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=theirs, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Disable 张三 (+86138****8000" in done.stderr
    assert rows.user(registered.phone)["status"] == status


def test_who_is_locked_out_can_do_nothing(registered, run, pass_time):
    """R26: the next call is refused, and nothing that proves who one is helps."""
    assert registered.me().status == 200
    assert run("disable", "张三", "--yes")[0] == 0
    assert registered.me().code == "session_revoked"
    assert registered.try_refresh().code == "refresh_invalid"
    assert registered.try_login().code == "invalid_credentials"
    body = {"current_password": registered.password}
    assert registered.client.delete("/v1/me", json=body, token=registered.access_token).code == "session_revoked"
    assert registered.client.get("/v1/me/export", token=registered.access_token).code == "session_revoked"
    assert registered.ask_for_code("confirm").code == "session_revoked"
    registered.access_token = ""
    pass_time(61)
    sms_id = registered.send_code("login")
    assert registered.try_login_by_code(sms_id, registered.last_code()).code == "invalid_credentials"
    pass_time(61)
    assert registered.verify(registered.send_code("register"), registered.last_code()).code == "phone_registered"


def test_unlocking_brings_the_account_back_and_no_session(registered, run):
    run("disable", "张三", "--yes")
    assert run("enable", "张三", "--yes")[0] == 0
    assert registered.me().code == "session_revoked"
    assert registered.try_refresh().code == "refresh_invalid"
    assert registered.login()["user"]["status"] == "active"


def test_what_is_so_already_is_no_failure(registered, run):
    code, said, _ = run("enable", "张三", "--yes")
    assert (code, said.startswith("There was nothing to do: 张三")) == (0, True)
    run("disable", "张三", "--yes")
    assert json.loads(run("disable", "张三", "--yes", "--json")[1])["changed"] is False


def test_an_account_that_is_closing_waits_while_it_is_locked(registered, run, pass_time, rows, clock):
    """Its holder could not come back meanwhile, and so has all the days again."""
    body = {"current_password": registered.password}
    registered.client.delete("/v1/me", json=body, token=registered.access_token)
    run("disable", "张三", "--yes")
    pass_time(20 * 86400)
    assert run("purge")[1] == "0 accounts erased\n"
    run("enable", "张三", "--yes")
    assert rows.user(registered.phone)["status"] == "closing"
    pass_time(14 * 86400)
    assert run("purge")[1] == "0 accounts erased\n"
    registered.login()


def test_all_sessions_are_ended_by_hand(registered, run):
    """R26: at the next call."""
    registered.me()
    assert run("logout", "张三", "--yes")[0] == 0
    assert registered.me().code == "session_revoked"
    registered.login()


def test_an_account_is_anonymised_at_once(registered, run, pass_time):
    assert run("anonymise", "张三", "--yes")[0] == 0
    assert run("show", "张三")[0] == 1
    assert registered.me().code == "session_revoked"
    pass_time(61)
    registered.register(username="张三")


def test_what_is_due_is_erased_by_hand(registered, run, pass_time):
    body = {"current_password": registered.password}
    registered.client.delete("/v1/me", json=body, token=registered.access_token)
    assert run("purge")[1] == "0 accounts erased\n"
    pass_time(15 * 86400)
    assert run("purge")[1] == "1 accounts erased\n"


def test_each_act_is_an_event_of_an_operator(registered, run, rows, engine):
    from sqlalchemy import select

    from models import SecurityEvent

    for act in ("logout", "disable", "enable"):
        run(act, "张三", "--yes")
    with engine.connect() as connection:
        rows = connection.execute(select(SecurityEvent.type, SecurityEvent.detail).order_by(SecurityEvent.id)).all()
    assert [tuple(row) for row in rows[-3:]] == [
        (kind, "operator") for kind in ("sessions_ended", "disabled", "enabled")
    ]


def test_a_change_of_phone_is_undone_for_whoever_lost_the_message(registered, run, pass_time):
    old = registered.phone
    pass_time(61)
    assert move(registered, new_phone()).status == 200
    code, said, _ = run("undo-phone", "张三", "--yes")
    assert (code, said.startswith("张三 (+86138****8000")) == (0, True)
    assert said.endswith(") is given its former phone.\n")
    assert registered.me().code == "session_revoked"
    registered.access_token = ""
    sms_id = registered.send_code("login", old)
    assert registered.try_login_by_code(sms_id, registered.last_code(old)).status == 200
    code, said, _ = run("undo-phone", "张三", "--yes")
    assert (code, said.startswith("There was nothing to do")) == (0, True)
