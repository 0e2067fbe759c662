"""The log of a server in production's form: every line an event in JSON, with the request that it belongs to."""

import json
import logging
import os
import socket
import subprocess
import sys
import warnings

import psutil
import pytest
import structlog
from sqlalchemy import select

from api.config import ROOT
from api.log_takeover import take_over
from api.logs import flush_logs
from api.redaction import redact
from models import Notice, SmsMessage
from tests.forks import fork
from tests.settings import environment
from tests.waiting import wait_until


@pytest.fixture
def json_log(live):
    """The events of a server that logs in JSON, since now; a line that is none fails the test."""
    live.stop()
    start = len(live.log)
    live.start(LOG_FORMAT="json")
    return lambda: [json.loads(line) for line in live.log[start:].splitlines()]


def found(events, name):
    return [event for event in events if event["event"] == name]


def test_a_request_is_followed_from_its_reply_to_the_messages_that_left(live, live_shopper, json_log, engine):
    """R51: every line is an event in JSON and UTC; code and mail carry the request's id, though another thread sends the mail.

    What the HTTP server says when a worker dies is an event as well.
    """
    live_shopper.client.headers = {"X-Request-ID": "asked-for-a-code"}
    ticket = live_shopper.prove()
    live_shopper.client.headers = {"X-Request-ID": "filled-in-the-form"}
    live_shopper._take(live_shopper.fill_in(ticket))
    live_shopper.client.headers = {"X-Request-ID": "guessed"}
    live_shopper.try_login(password="wrong\r\n{}")
    wait_until(lambda: found(json_log(), "notice_sent") and len(found(json_log(), "security_event")) == 2)
    events = json_log()
    assert {event["request_id"] for event in found(events, "sms_tried")} == {"asked-for-a-code"}
    (told,) = found(events, "notice_sent")
    assert told["request_id"] == "filled-in-the-form"
    assert [event["request_id"] for event in found(events, "security_event")] == ["filled-in-the-form", "guessed"]
    assert {event["timestamp"][-1] for event in events} == {"Z"}
    with engine.connect() as connection:
        assert connection.scalar(select(SmsMessage.request_id)) == "asked-for-a-code"
        assert connection.execute(select(Notice.id, Notice.request_id)).all() == [(told["notice"], told["request_id"])]
    psutil.Process(live.pid).children()[0].kill()
    wait_until(lambda: found(json_log(), "library"))
    assert found(json_log(), "library")[0]["logger"] == "_granian"


def test_a_start_that_is_refused_says_so_in_the_log_s_form(instance, database_url, redis_url):
    env = environment(instance, database_url, redis_url, LOG_FORMAT="json", CORS_ORIGINS="*")
    done = subprocess.run([sys.executable, "-m", "api.serve"], env=env, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    said = json.loads(done.stderr)
    assert said["event"] == "not_started"
    assert "CORS_ORIGINS" in said["reason"]


def test_a_start_that_is_refused_says_so_in_full_on_a_terminal(instance, database_url, redis_url):
    """It is our own sentence, though the log has the process by then."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = environment(instance, database_url, redis_url, PORT=taken.getsockname()[1])
        done = subprocess.run([sys.executable, "-m", "api.serve"], env=env, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert (
        f"dongbao: 127.0.0.1:{env['PORT']} can't be had (Address already in use); set HOST or PORT."
        in done.stderr.decode()
    )


PHONE = "+8613800138000"
SPEECHES = {
    "a library": lambda: logging.getLogger("sqlalchemy.pool").error("lost %s", "'secret'"),
    "a warning": lambda: warnings.warn("'secret' is old", DeprecationWarning, stacklevel=1),
    "a print": lambda: print("a line\nwith a 'secret'", file=sys.stderr),
    "a traceback": lambda: print("Traceback\n  File 'secret'\n", file=sys.stdout),
    "half a character": lambda: structlog.get_logger().info("odd", word="\ud800"),
    "nobody's exception": lambda: sys.excepthook(ValueError, ValueError("bad: 'secret' +8613800138000"), None),
    "a thread's end": lambda: sys.unraisablehook(_Unraisable()),
    "a strange value": lambda: structlog.get_logger().info("odd", value=object(), key={1: 2}),
}


class _Unraisable:
    exc_type, exc_value, exc_traceback = KeyError, KeyError("secret"), None


def _says_in_a_process_of_its_own(log_format, speech, reader, writer):
    """In a child, as it takes the whole process over."""
    os.close(reader)
    os.dup2(writer, 2)
    take_over(log_format)
    speech()
    flush_logs()


def said_in(log_format, speech):
    """What a process has said when it ends."""
    reader, writer = os.pipe()
    child = fork(lambda: _says_in_a_process_of_its_own(log_format, speech, reader, writer))
    os.close(writer)
    with open(reader, encoding="utf-8") as said:  # noqa: PTH123
        text = said.read()
    assert os.waitpid(child, 0)[1] == 0
    return text


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("label", SPEECHES)
def test_whoever_speaks_speaks_in_events(label, log_format):
    """R7, R51: libraries, warnings, prints and what nobody caught; of others' words, nothing that they quote."""
    text = said_in(log_format, SPEECHES[label])
    assert text
    assert "secret" not in text
    assert "13800138000" not in text
    if log_format == "json":
        assert all({"event", "level", "timestamp"} <= json.loads(line).keys() for line in text.splitlines())


def fail_with_causes():
    try:
        try:
            raise ValueError(f"Duplicate entry '{PHONE}'")
        except ValueError as error:
            error.add_note(f"for {PHONE}")
            raise RuntimeError(f"of {PHONE}") from ExceptionGroup(f"all '{PHONE}'", [error])
    except RuntimeError:
        structlog.get_logger().exception("failed")


def test_the_console_shows_where_an_exception_came_from_and_not_what_it_quotes():
    """R7: with what it came of, and what that consists of."""
    text = said_in("console", fail_with_causes)
    assert PHONE not in text
    for words in (
        "ValueError: Duplicate entry …\nfor …\n",
        "ExceptionGroup: all … (1 sub-exception)",
        "RuntimeError: of …",
    ):
        assert words in text
    assert text.count("Traceback (most recent call last):\n") == 3
    assert ", in fail_with_causes\n" in text


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("Duplicate entry '+8613800138000' for key 'phone'", "Duplicate entry … for key …"),
        ("Key (phone)=(+8613800138000) already exists.", "Key (phone)=(…) already exists."),
        ("code 902714 is wrong after 3 of 5", "code … is wrong after 3 of 5"),
        ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30 refused", "token ….e30 refused"),
        ("550 <li.si@example.com> unknown", "550 … unknown"),
        ("connection to server at 10.0.0.5 failed", "connection to server at 10.0.0.5 failed"),
    ],
)
def test_of_others_words_nothing_personal_is_kept(words, kept):
    """R7: exceptions of drivers and libraries quote what they choke on."""
    assert redact(words) == kept
