"""Logging out, and the list of places where one is logged in."""

import pytest

from tests.clients import InProcessClient
from tests.timetravel import age_redis
from tests.tokens import both_formats


@pytest.fixture
def registered(shopper):
    shopper.register()
    return shopper


def end(shopper, session_id, token=None):
    return shopper.client.delete(f"/v1/sessions/{session_id}", token=token or shopper.access_token)


@both_formats
def test_logging_out_ends_access_at_once(registered):
    """R26: the same access token is refused by the next request, and so is the refresh token."""
    assert registered.me().status == 200
    reply = registered.logout()
    assert (reply.status, reply.body) == (204, b"")
    assert registered.me().code == "session_revoked"
    assert registered.logout().code == "session_revoked"
    assert registered.try_refresh().code == "refresh_invalid"


def test_logging_out_leaves_other_devices_alone(registered):
    first = registered.access_token
    registered.login()
    registered.logout()
    assert registered.me(first).status == 200


@both_formats
def test_what_was_revoked_stays_so_without_redis_and_in_another_process(registered, redis, make_app):
    """R25, F5: logout, FLUSHALL, another app: the old tokens are refused."""
    registered.logout()
    redis.flushall()
    elsewhere = registered.on(InProcessClient(make_app()))
    assert elsewhere.me().code == "session_revoked"
    assert elsewhere.try_refresh().code == "refresh_invalid"


@both_formats
def test_losing_redis_logs_nobody_out(registered, redis):
    """R25: rotation stands in the database."""
    registered.refresh()
    redis.flushall()
    assert registered.me().status == 200
    registered.refresh()


def test_revocation_survives_a_restart(live, live_shopper, redis):
    """R25: logout, FLUSHALL, restart of the server: still refused; the other session lives."""
    live_shopper.register()
    kept = live_shopper.on(live_shopper.client)
    kept.login()
    live_shopper.logout()
    redis.flushall()
    live.restart()
    assert live_shopper.me().code == "session_revoked"
    assert live_shopper.try_refresh().code == "refresh_invalid"
    assert kept.me().status == 200


@both_formats
def test_a_disabled_account_is_out_within_a_minute(registered, rows, redis):
    """R26: what an operator changes in the database itself is seen when the cache has aged."""
    registered.me()
    rows.set_user(registered.phone, status="disabled")
    age_redis(redis, seconds=60)
    assert registered.me().code == "session_revoked"


@both_formats
def test_tokens_of_older_credentials_are_refused(registered, rows, redis):
    """R27: a grown credential version ends every token that was issued before."""
    registered.me()
    rows.set_user(registered.phone, credential_version=2)
    age_redis(redis, seconds=60)
    assert registered.me().code == "session_revoked"
    assert registered.try_refresh().status == 401
    registered.login()
    assert registered.me().status == 200


def test_the_list_says_where_and_since_when(make_shopper, make_app, clock):
    """A session began by the node's clock, and was refreshed by the database's, which no test turns."""
    clock.advance(seconds=-60)
    shopper = make_shopper(InProcessClient(make_app(), address="203.0.113.7"))
    ticket = shopper.prove()
    body = shopper.form(ticket)
    session = shopper.client.post("/v1/register", json=body, headers={"User-Agent": "Dongbao/1.0 (iPhone)"}).json
    started = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    shopper.access_token, shopper.refresh_token = session["access_token"], session["refresh_token"]
    clock.advance(seconds=60)
    shopper.refresh()
    (shown,) = shopper.sessions()
    assert shown.keys() == {"id", "device", "ip", "created_at", "last_seen_at", "expires_at", "current"}
    assert (shown["device"], shown["ip"], shown["current"]) == ("Dongbao on iPhone", "203.0.113.7", True)
    assert shown["created_at"] == started
    assert started < clock().strftime("%Y-%m-%dT%H:%M:%SZ") <= shown["last_seen_at"]


def test_the_newest_session_comes_first_and_only_living_ones(registered, clock):
    for _ in range(3):
        clock.advance(seconds=1)
        registered.login()
    registered.logout()
    clock.advance(seconds=1)
    registered.login()
    listed = registered.sessions()
    assert [session["current"] for session in listed] == [True, False, False, False]
    assert listed == sorted(listed, key=lambda session: session["created_at"], reverse=True)


def test_a_device_without_a_name_and_one_with_too_long_a_name(registered):
    body = {"account": registered.username, "password": registered.password}
    for agent in ("", "x" * 5000, "tab\there"):
        assert registered.client.post("/v1/login", json=body, headers={"User-Agent": agent}).status == 200
    assert all(len(session["device"]) <= 200 and session["device"].isprintable() for session in registered.sessions())


@both_formats
def test_ending_one_session(registered):
    first = registered.access_token
    registered.login()
    other = next(session["id"] for session in registered.sessions() if not session["current"])
    assert end(registered, other).status == 204
    assert registered.me(first).code == "session_revoked"
    assert registered.me().status == 200
    assert end(registered, other).code == "not_found"


def test_ending_the_session_that_asks(registered):
    (own,) = registered.sessions()
    assert end(registered, own["id"]).status == 204
    assert registered.me().code == "session_revoked"


def test_somebody_elses_session_is_not_found(registered):
    """R45: another shopper's session can be neither ended nor told from one that is not there."""
    stranger = registered.another()
    stranger.register()
    (theirs,) = stranger.sessions()
    unknown, foreign = end(registered, "0" * 32), end(registered, theirs["id"])
    assert (foreign.status, foreign.code) == (404, "not_found")
    assert unknown.json | {"request_id": ""} == foreign.json | {"request_id": ""}
    assert stranger.me().status == 200


@pytest.mark.parametrize("session_id", ["x", "%00", "%F0%9F%98%80", "0" * 500, "..", "%ff", "'%20OR%201=1--"])
def test_an_id_of_any_kind_is_not_found(registered, session_id):
    assert end(registered, session_id).code == "not_found"
    assert registered.me().status == 200


def test_ending_all_sessions(registered):
    first = registered.access_token
    registered.login()
    assert registered.client.delete("/v1/sessions", token=registered.access_token).status == 204
    assert registered.me(first).code == registered.me().code == "session_revoked"


@both_formats
def test_ending_all_sessions_but_this(registered):
    first = registered.access_token
    registered.login()
    assert registered.client.delete("/v1/sessions?keep_current=true", token=registered.access_token).status == 204
    assert registered.me(first).code == "session_revoked"
    assert registered.me().status == 200


def test_ending_all_sessions_spares_other_shoppers(registered):
    """R45: one's own sessions are all that one can end."""
    stranger = registered.another()
    stranger.register()
    registered.client.delete("/v1/sessions", token=registered.access_token)
    assert stranger.me().status == 200


@pytest.mark.parametrize("word", ["yes", "2", "garbage", "true1", "on", "null"])
def test_a_word_that_is_neither_yes_nor_no_logs_nobody_out(registered, word):
    other = registered.on(registered.client)
    other.login()
    reply = registered.client.delete("/v1/sessions", token=registered.access_token, query={"keep_current": word})
    assert (reply.status, reply.code, reply.json["errors"].keys()) == (422, "validation_failed", {"keep_current"})
    assert registered.me().status == other.me().status == 200


@pytest.mark.parametrize(("word", "stays"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)])
def test_the_words_for_yes_and_no(registered, word, stays):
    query = {"keep_current": word}
    assert registered.client.delete("/v1/sessions", token=registered.access_token, query=query).status == 204
    assert registered.me().status == (200 if stays else 401)


def test_a_login_beyond_the_bound_ends_the_oldest_session(make_app, make_shopper, clock):
    """R26: at the next request, although the cache had let it in just before."""
    shopper = make_shopper(InProcessClient(make_app(max_sessions=3)))
    tokens = [shopper.register()["access_token"]]
    for _ in range(4):
        clock.advance(seconds=1)
        assert shopper.me(tokens[-1]).status == 200
        tokens.append(shopper.login()["access_token"])
    assert [shopper.me(token).status for token in tokens] == [401, 401, 200, 200, 200]
    assert len(shopper.sessions()) == 3
    events = shopper.client.get("/v1/me/events", token=shopper.access_token).json["events"]
    assert [event["type"] for event in events].count("session_ended") == 2
