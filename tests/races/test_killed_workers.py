"""SIGKILL to a worker in the middle of one request: it is done whole or not at all, and can be asked for again."""

import itertools
import time
from statistics import median

import pytest
from sqlalchemy import text

from tests.races.crowd import is_dead, settled, tickets_of
from tests.races.doomed import Doomed, usual_seconds
from tests.shopper import new_username
from tests.timetravel import age_redis

# Of the databases, one has all that are asked for: each kill costs a start of a worker.
KILLS = {"sqlite": 200, "postgresql": 60, "mysql": 20}
FEW = 6
# The grace for a refresh is 10 s, in which the worker has to be replaced.
IN_TIME_SECONDS = 8
PARTS = text("""
    SELECT (SELECT count(*) FROM sessions WHERE user_id = users.id),
           (SELECT count(*) FROM devices WHERE user_id = users.id),
           (SELECT count(*) FROM security_events WHERE user_id = users.id),
           (SELECT count(*) FROM notices WHERE user_id = users.id)
    FROM users WHERE username = :name
""")


@pytest.fixture
def doomed(live):
    return Doomed(live)


@pytest.fixture
def parts(engine):
    """What there is of the account of a name: none, or a row of counts."""

    def read(name):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(PARTS, {"name": name})]

    return read


@pytest.mark.mysql
def test_a_registration_is_whole_or_was_not_made(live, live_shopper, doomed, engine, parts):
    """R55, F26: killed at so many random points, the account is complete or absent, and the form sent again makes or finds it."""
    kills = KILLS[engine.dialect.name]
    forms = [live_shopper.form(ticket, username=new_username()) for ticket in tickets_of(live_shopper, 5)]
    seconds = usual_seconds([lambda form=form: live_shopper.client.post("/v1/register", json=form) for form in forms])
    whole = parts(forms[0]["username"])
    assert len(whole) == 1
    taken, outcomes = [seconds] * FEW, []
    # A ticket is good for ten minutes, and all the kills may take longer.
    tickets = itertools.chain.from_iterable(tickets_of(live_shopper, 20) for _ in range(kills // 20))
    for form in (live_shopper.form(ticket, username=new_username()) for ticket in tickets):
        name = form["username"]
        seconds = median(taken[-FEW:])
        reply = doomed.killed_in(lambda client, form=form: client.post("/v1/register", json=form), seconds)
        assert reply is None or reply.status == 201 or reply.code == "service_unavailable"
        assert parts(name) in ([], whole)
        began = time.monotonic()
        again = settled(lambda form=form: live_shopper.client.post("/v1/register", json=form))
        assert (again.status, again.status == 201 or again.code) in ((201, True), (409, "phone_registered"))
        assert again.status == 409 or reply is None or reply.status == 503, "an account that was acknowledged is gone"
        assert parts(name) == whole
        outcomes.append(again.status)
        taken += [time.monotonic() - began] if again.status == 201 else []
    for name in (form["username"] for form in forms):
        assert settled(lambda name=name: live_shopper.try_login(name)).status == 200
    assert set(outcomes) == {201, 409}, "the kills did not come in the middle"


def test_a_message_that_a_killed_worker_owed_can_be_asked_for(live, live_shopper, doomed, redis):
    """R55, F26: at once where nothing was stored, after the cooldown otherwise; the code is good."""
    seconds = usual_seconds([live_shopper.another().ask_for_code for _ in range(5)])
    for _ in range(FEW):
        somebody = live_shopper.another()
        body = {"phone": somebody.phone, "purpose": "register"}
        reply = doomed.killed_in(lambda client, body=body: client.post("/v1/sms", json=body), seconds)
        again = somebody.ask_for_code()
        if reply is None and again.status == 202:
            sms_id = again.json["sms_id"]
        else:
            assert again.code == "sms_cooldown"
            age_redis(redis, 60)
            sms_id = somebody.send_code()
        assert somebody.verify(sms_id, somebody.last_code()).status == 200


def test_a_guess_that_a_killed_worker_took_was_counted_or_not_looked_at(live, live_shopper, doomed):
    """R55, F26: a reply that came was counted; the right code is good as long as attempts are left."""
    for _ in range(FEW):
        somebody = live_shopper.another()
        sms_id, wrong = somebody.send_code(), somebody.wrong_code()
        seconds = usual_seconds([lambda: somebody.verify(sms_id, wrong)])  # noqa: B023
        path = f"/v1/sms/{sms_id}/verify"
        reply = doomed.killed_in(lambda client, path=path, code=wrong: client.post(path, json={"code": code}), seconds)
        left = somebody.verify(sms_id, wrong).json["attempts_left"]
        assert left == 2 if reply else left in (2, 3)
        assert somebody.verify(sms_id, somebody.last_code()).status == 200


def test_a_right_code_that_a_killed_worker_took_is_good_or_used(live, live_shopper, doomed, redis):
    """R55, F26: where the ticket got lost, another code is to be had after the cooldown."""
    for _ in range(FEW):
        somebody = live_shopper.another()
        sms_id, body = somebody.send_code(), {"code": somebody.last_code()}
        path = f"/v1/sms/{sms_id}/verify"
        reply = doomed.killed_in(lambda client, path=path, body=body: client.post(path, json=body), 0.01)
        again = somebody.verify(sms_id, body["code"])
        assert again.status == 410 if reply else again.status in (200, 410)
        if again.status == 410 and reply is None:
            age_redis(redis, 60)
            again = somebody.verify(somebody.send_code(), somebody.last_code())
        ticket = (reply or again).json["ticket"]
        assert somebody.fill_in(ticket).status == 201


def test_who_lost_the_reply_of_a_killed_worker_refreshes_again(live, live_shopper, doomed):
    """R24, R55, F26: whether or not it was carried out, the same token brings the next generation."""
    live_shopper.register()
    seconds = usual_seconds([live_shopper.try_refresh])
    for _ in range(FEW):
        live_shopper.login()
        body = {"refresh_token": live_shopper.refresh_token}
        began = time.monotonic()
        reply = doomed.killed_in(lambda client, body=body: client.post("/v1/token/refresh", json=body), seconds)
        assert reply is None or reply.status == 200
        if time.monotonic() - began > IN_TIME_SECONDS:
            continue
        live_shopper.refresh()
        live_shopper.refresh()
        assert live_shopper.me().status == 200


def test_a_logout_that_a_killed_worker_took_is_done_or_can_be_repeated(live, live_shopper, doomed):
    """R25, R55, F26: what was acknowledged holds in every process."""
    live_shopper.register()
    live_shopper.login()
    seconds = usual_seconds([live_shopper.logout])
    for _ in range(FEW):
        pair = live_shopper.login()
        token = pair["access_token"]
        assert live_shopper.me().status == 200
        reply = doomed.killed_in(lambda client, token=token: client.post("/v1/logout", token=token), seconds)
        if reply is None:
            again = live_shopper.logout()
            assert again.status == 204 or again.code == "session_revoked"
        assert is_dead(live_shopper, pair)
