"""What happened to an account, as its owner reads it, and as the log has it."""

import re

import pytest
from structlog.testing import capture_logs

from tests.clients import InProcessClient
from tests.waiting import wait_until

PHONE = "DongbaoApp/3.2 (iPhone; iOS 18.1)"


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


def page(shopper, **query):
    reply = shopper.client.get("/v1/me/events", token=shopper.access_token, query={k: str(v) for k, v in query.items()})
    assert reply.status == 200, reply.body
    return reply.json


def types(shopper, n):
    """The types, newest first, once there are ``n``: refusals are written after the reply."""
    wait_until(lambda: len(page(shopper, limit=100)["events"]) >= n, f"{n} events")
    return [event["type"] for event in page(shopper, limit=100)["events"]]


def test_the_owner_sees_what_happened_and_from_where(make_app, make_shopper, clock):
    shopper = make_shopper(InProcessClient(make_app(), address="203.0.113.7"))
    shopper.register()
    clock.advance(seconds=60)
    body = {"account": shopper.username, "password": shopper.password}
    shopper.client.post("/v1/login", json=body, headers={"User-Agent": PHONE})
    newest, oldest = page(shopper)["events"]
    assert newest.keys() == {"id", "type", "at", "ip", "device"}
    assert (newest["type"], newest["ip"], newest["device"]) == ("logged_in", "203.0.113.7", "DongbaoApp on iPhone")
    assert newest["at"] == clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert oldest["type"] == "registered"


def test_every_act_and_refusal_is_there_once(registered, rows):
    first = registered.refresh_token
    other, third, fourth = (registered.on(registered.client) for _ in range(3))
    other.login()
    third.login()
    registered.try_login(password="wrong password")
    assert types(registered, 4)[0] == "login_failed"
    own = next(session["id"] for session in third.sessions() if session["current"])
    registered.client.delete(f"/v1/sessions/{own}", token=registered.access_token)
    other.logout()
    registered.refresh()
    rows.age_refreshes(seconds=60)
    assert [registered.try_refresh(first).code for _ in range(2)] == ["refresh_reused", "refresh_invalid"]
    fourth.login()
    assert fourth.client.delete("/v1/sessions?keep_current=1", token=fourth.access_token).status == 204
    assert types(fourth, 9) == [
        *("sessions_ended", "logged_in", "refresh_reused", "logged_out", "session_ended"),
        *("login_failed", "logged_in", "logged_in", "registered"),
    ]


def test_pages_go_on_where_the_last_one_ended(registered):
    """New events, between one page and the next, move nothing."""
    for _ in range(6):
        registered.login()
    whole = [event["id"] for event in page(registered, limit=100)["events"]]
    assert len(whole) == 7
    seen, cursor = [], ""
    for length in (3, 3, 1):
        part = page(registered, limit=3, cursor=cursor, unknown="ignored")
        assert len(part["events"]) == length
        seen += [event["id"] for event in part["events"]]
        cursor = part["next_cursor"]
        registered.login()
    assert (seen, cursor) == (whole, None)


def test_a_page_has_twenty_unless_asked_for_another_number(registered):
    for _ in range(12):
        registered.logout()
        registered.login()
    assert len(page(registered)["events"]) == 20
    assert len(page(registered, limit=1)["events"]) == 1
    assert len(page(registered, limit="", cursor="")["events"]) == 20
    assert page(registered, limit=25)["next_cursor"] is None


@pytest.mark.parametrize("limit", ["0", "101", "-1", "+1", "1e1", "ten", "１０", "1.0", "9" * 50, " 5"])
def test_a_number_that_is_none_is_said_of_its_field(registered, limit):
    reply = registered.client.get("/v1/me/events", token=registered.access_token, query={"limit": limit})
    assert (reply.status, reply.code, reply.json["errors"].keys()) == (422, "validation_failed", {"limit"})


@pytest.mark.parametrize("cursor", ["x", "0" * 31, "0" * 33, "A" * 32, "%00" * 11, "'" * 32, "0" * 3000])
def test_a_cursor_that_is_none_is_said_of_its_field(registered, cursor):
    reply = registered.client.get("/v1/me/events", token=registered.access_token, query={"cursor": cursor})
    assert (reply.status, reply.code, reply.json["errors"].keys()) == (422, "validation_failed", {"cursor"})


def test_somebody_elses_events_are_not_shown(registered):
    """R45: nor does another's event, as a cursor, show more than one's own."""
    stranger = registered.another()
    stranger.register()
    (theirs,) = page(stranger)["events"]
    shown = page(registered, cursor=theirs["id"])["events"]
    assert [event["type"] for event in shown] == ["registered"]
    assert theirs["id"] not in {event["id"] for event in shown}


def test_each_event_is_one_line_of_the_log_with_the_same_facts(registered):
    """R51: the request, the session, the device and the address; control characters are gone."""
    body = {"account": registered.username, "password": registered.password}
    headers = {"User-Agent": "\x1b[31mred\x1b[0m \u202e/1.0".encode().decode("latin-1"), "X-Request-ID": "asked-7"}
    with capture_logs() as lines:
        assert registered.client.post("/v1/login", json=body, headers=headers).status == 200
    (line,) = [line for line in lines if line["event"] == "security_event"]
    session = next(session for session in registered.sessions() if not session["current"])
    newest = page(registered)["events"][0]
    assert (line["id"], line["type"], line["ip"], line["device"]) == tuple(
        newest[k] for k in ("id", "type", "ip", "device")
    )
    assert (line["session_id"], line["request_id"]) == (session["id"], "asked-7")
    assert session["device"] == line["device"] == "31mred 0m"


def test_the_log_holds_no_name_that_a_stranger_typed(live, live_shopper):
    """R51: what comes with line ends and colours, in names and headers, makes no line of its own."""
    live_shopper.register()
    before = len(live.log)
    for account in ("a\r\nsecurity_event type=erased", "\x1b[2Jx", "x\u2028y"):
        live_shopper.client.post("/v1/login", json={"account": account, "password": "wrong password"})
        body = {"account": live_shopper.username, "password": "wrong password"}
        agent = re.sub("[\r\n\x1b]", "\x85", account).encode().decode("latin-1")
        live_shopper.client.post("/v1/login", json=body, headers={"User-Agent": agent})
    assert types(live_shopper, 4).count("login_failed") == 3
    wait_until(lambda: live.log[before:].count("login_failed") >= 3)
    written = live.log[before:]
    assert not {"\x1b", "\u2028", "\x85"} & set(written)
    lines = [line for line in written.splitlines() if "security_event" in line]
    assert all(line.count("security_event") == 1 and "type=login_failed" in line for line in lines)
