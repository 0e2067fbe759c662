"""SIGKILL to all processes in the middle of the work: what was acknowledged is there, and nothing is half there."""

import http.client
import random
import threading
import time

import psutil
import pytest
from sqlalchemy import text

from tests.races.crowd import settled, tickets_of
from tests.shopper import new_username
from tests.waiting import wait_until

THREADS = 16
GONE = (OSError, http.client.HTTPException)


@pytest.mark.mysql
def test_a_killed_server_has_made_whole_accounts_or_none(live, live_shopper, engine):
    """R25, R55, F26: SIGKILL in a storm of registrations: what was acknowledged holds, every other form can be sent again."""
    live_shopper.register()
    gone = live_shopper.on(live_shopper.client)
    live_shopper.login()
    fresh = live_shopper.refresh()
    gone.logout()
    forms = [live_shopper.form(ticket, username=new_username()) for ticket in tickets_of(live_shopper, 120)]
    acknowledged = _register_until_killed(live, live_shopper.client, forms)
    assert 0 < len(acknowledged) < len(forms), "the kill did not come in the middle"

    with engine.connect() as connection:
        half = connection.scalar(text("SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM sessions)"))
    assert half == 0
    live.start()
    assert gone.me().code == "session_revoked"
    assert gone.try_refresh().code == "refresh_invalid"
    assert live_shopper.me(fresh["access_token"]).status == 200
    for username, access_token in acknowledged.items():
        profile = settled(lambda token=access_token: live_shopper.me(token))
        assert (profile.status, profile.json.get("username")) == (200, username), profile.body
        assert settled(lambda name=username: live_shopper.try_login(name)).status == 200
    made = 0
    for form in forms:
        if form["username"] not in acknowledged:
            again = settled(lambda form=form: live_shopper.client.post("/v1/register", json=form))
            assert (again.status, again.status == 201 or again.code) in ((201, True), (409, "phone_registered"))
            assert settled(lambda name=form["username"]: live_shopper.try_login(name)).status == 200
            made += 1
    assert made


def _register_until_killed(live, client, forms) -> dict[str, str]:
    """Kill the server at a random moment of the storm; the access tokens of the acknowledged, by user name."""
    waiting, acknowledged = list(forms), {}

    def register():
        while waiting:
            try:
                form = waiting.pop()
                reply = client.post("/v1/register", json=form)
            except (*GONE, IndexError):
                return
            assert reply.status in (201, 503), reply.body
            if reply.status == 201:
                acknowledged[form["username"]] = reply.json["access_token"]

    storm = [threading.Thread(target=register) for _ in range(THREADS)]
    for thread in storm:
        thread.start()
    enough = random.randrange(5, 30)
    while len(acknowledged) < enough and any(thread.is_alive() for thread in storm):
        time.sleep(0.001)
    live.kill()
    for thread in storm:
        thread.join()
    return acknowledged


@pytest.mark.settings(REDIS_URL="", SMS_COOLDOWN_SECONDS=600)
def test_the_embedded_redis_keeps_its_data_when_all_is_killed(live, live_shopper, redis):
    """R55: codes, cooldowns and the inbox outlive the server that brings its own Redis."""
    sms_id = live_shopper.send_code()
    for end in (live.kill, live.stop):
        end()
        live.start(**live.settings)
        assert live_shopper.ask_for_code().code == "sms_cooldown"
    assert not redis.keys("sms:*")
    assert live_shopper.verify(sms_id, live_shopper.last_code()).status == 200


@pytest.mark.settings(REDIS_URL="")
def test_an_embedded_redis_that_ends_is_started_again(live, live_shopper):
    """R55: a server that brings its own Redis heals by itself."""
    next(child for child in psutil.Process(live.pid).children() if "redis" in child.name()).kill()
    wait_until(lambda: "embedded_redis_ended" in live.log, "the end of Redis")
    client = live_shopper.client
    wait_until(lambda: all(client.get("/readyz").status == 200 for _ in range(12)), "another Redis, in each process")
    live_shopper.register()
