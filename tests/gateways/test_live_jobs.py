"""The jobs of a real server: run by one worker of it, again after it was replaced, and no burden to its end."""

import os
import signal
import time
from datetime import timedelta

import psutil
import pytest

from api.jobs import build_jobs
from tests.clients import LiveClient
from tests.gateways.settings import settings_of
from tests.gateways.standin import Fault
from tests.services.gateways import a_log
from tests.shopper import Shopper
from tests.timetravel import age_redis
from tests.waiting import wait_until

PATIENCE = 30  # seconds, on a busy machine


@pytest.fixture
def start(live, aliyun):
    """Start a server that polls; somebody to visit it."""

    def start(**settings):
        polling = {"JOBS": "on", "SMS_RECEIPTS_POLL_SECONDS": 10}
        live.restart(**settings_of(aliyun), **(polling | settings))
        return Shopper(LiveClient(live.url), lambda: [])

    yield start
    live.stop()


def claimers(redis) -> int:
    """How many connections last claimed a job."""
    return sum(client["cmd"] == "set" for client in redis.client_list())


def workers(live) -> list[int]:
    return [process.pid for process in psutil.Process(live.pid).children()]


def test_the_first_worker_alone_runs_jobs(start, redis, make_app):
    """A thread for each job, the one that polls besides: were they in both workers, twice as many would have looked in the end."""
    jobs = len(build_jobs(make_app().extensions["dongbao"]).by_name) + 1
    start(WORKERS=2)
    wait_until(lambda: claimers(redis) == jobs, seconds=PATIENCE)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        assert claimers(redis) <= jobs
        time.sleep(0.2)


def test_a_message_gets_its_receipt_with_nothing_set_up(start, aliyun, redis, database_url, clock):
    shopper = start()
    shopper.send_code("login")
    aliyun.standin.report(aliyun.standin.messages[0]["serial"])
    age_redis(redis, 61)
    log = a_log(database_url, clock)
    wait_until(lambda: log.trace(shopper.phone, timedelta(days=1))[0].receipt == "delivered", seconds=PATIENCE)
    assert len(aliyun.standin.questions) == 1


def test_a_worker_that_is_replaced_runs_jobs_again(start, live, redis):
    start(WORKERS=1)
    wait_until(lambda: redis.exists("job:sms_receipts_aliyun"), seconds=PATIENCE)
    (victim,) = workers(live)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: set(workers(live)) - {victim}, seconds=PATIENCE)
    redis.delete("job:sms_receipts_aliyun")
    wait_until(lambda: redis.exists("job:sms_receipts_aliyun"), seconds=PATIENCE)


def test_switched_off_no_job_runs(start, redis):
    start(JOBS="off")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert (claimers(redis), redis.keys("job:*")) == (0, [])
        time.sleep(0.2)


def test_the_end_of_a_server_waits_for_no_job(start, live, aliyun, redis):
    """Not even for one whose vendor hangs."""
    shopper = start()
    shopper.send_code("login")
    age_redis(redis, 61)
    aliyun.standin.fault = Fault.HANG
    wait_until(lambda: aliyun.standin.questions)
    begun = time.monotonic()
    live.stop()
    assert time.monotonic() - begun < 8.5
