"""Nodes whose clocks differ: 20 s harm nobody, and are found out before they do."""

import re
import subprocess
from urllib.request import urlopen

import pytest

from tests.clients import InProcessClient, LiveClient
from tests.parallel import in_parallel
from tests.races.crowd import settled
from tests.servers.live import LiveServer
from tests.timetravel import age_redis

pytestmark = pytest.mark.one_database

AHEAD_SECONDS = 20
# libfaketime makes a negative time, and so EINVAL, of a sleep whose end is over before it began.
SLEEP = """
import time

real = time.sleep

def sleep(seconds):
    try:
        real(seconds)
    except OSError:
        return

time.sleep = sleep
"""


class ServerAhead(LiveServer):
    """Its clock is ahead, so that it is never ready."""

    def start(self, **settings: object):
        library = subprocess.run(
            ["faketime", "-f", "+0s", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        (self.folder / "sitecustomize.py").write_text(SLEEP)
        clock = {
            "PYTHONPATH": self.folder,
            "LD_PRELOAD": library,
            "FAKETIME": f"+{AHEAD_SECONDS}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": 1,
        }
        super().start(WORKERS=1, **clock, **settings)

    def _is_ready(self) -> bool:
        with urlopen(f"{self.url}/healthz", timeout=2) as answer:
            return answer.status == 200


FIVE = {"LIMIT_AVAILABILITY_PER_ADDRESS": "5/minute"}


@pytest.fixture(scope="module")
def ahead(database_url, redis_url):
    """A second node, whose clock is ahead of the first's and of its parts'."""
    server = ServerAhead(database_url, redis_url)
    server.start(**FIVE)
    yield server
    server.remove()


def test_tokens_of_a_node_whose_clock_is_ahead_are_good_at_the_others(live, ahead, live_shopper):
    """R31, F28: no 401 in a thousand requests here and there; and its readiness says what is wrong."""
    live_shopper.register()
    clients = [LiveClient(live.url), LiveClient(ahead.url)]
    shoppers = [live_shopper.another() for _ in range(10)]
    for shopper in shoppers:
        shopper.register()

    def walk(i: int) -> list[int]:
        statuses, here, there = [], shoppers[i].on(clients[i % 2]), shoppers[i].on(clients[1 - i % 2])
        for turn in range(50):
            one, other = (here, there) if turn % 2 else (there, here)
            fresh = settled(one.try_refresh).json
            other.access_token, other.refresh_token = fresh["access_token"], fresh["refresh_token"]
            statuses += [settled(other.me).status]
        return statuses

    assert {status for statuses in in_parallel(10, walk) for status in statuses} == {200}
    checks = clients[1].get("/readyz").json["checks"]
    assert checks["clock"] == "skewed"
    assert "clock" not in clients[0].get("/readyz").json["checks"]


def test_a_scrape_finds_a_clock_that_is_ahead(live, ahead):
    """F28: where nobody asks for readiness, whoever watches the nodes hears of it all the same."""

    def skews_told_by(server: LiveServer) -> int:
        with urlopen(f"{server.url}/metrics") as answer:
            line = re.search(r'dongbao_log_events_total{event="clock_skewed"} (.+)', answer.read().decode())
        return int(float(line[1]))

    before, apart = skews_told_by(ahead), skews_told_by(live)
    assert (skews_told_by(ahead) > before, skews_told_by(live)) == (True, apart)


def test_a_limit_is_the_same_at_a_node_whose_clock_is_ahead(ahead, make_app, redis):
    """R31: limits go by the clock of Redis: none is over earlier there, nor later for what was counted there."""
    here, there = InProcessClient(make_app(**FIVE)), LiveClient(ahead.url)

    def ask(client):
        return client.get("/v1/register/availability?username=somebody")

    def fill(client):
        assert [ask(client).status for _ in range(6)] == [200] * 5 + [429]

    fill(here)
    age_redis(redis, seconds=45)
    refused = ask(there)
    assert (refused.status, refused.json["retry_after"] <= 15) == (429, True)
    redis.flushall()
    fill(there)
    age_redis(redis, seconds=61)
    assert ask(here).status == 200
