"""``flask jobs …``: what it prints, and how it ends."""

import pytest

from sms.gateway import Delivery, Outcome
from tests.services.gateways import a_log, a_message


@pytest.fixture
def run_on(make_app):
    """Run ``flask jobs`` with these words on an app with these settings; exit code and what it said."""

    def run_on(settings, *words):
        result = make_app(**settings).test_cli_runner().invoke(args=["jobs", *words])
        return result.exit_code, result.output

    return run_on


def test_the_jobs_are_listed_with_their_periods(run_on):
    status, said = run_on({}, "list")
    assert status == 0
    for name, period in (("sms_purge", 86400), ("events_purge", 86400), ("sessions_purge", 86400), ("notices", 60)):
        assert f"{name:<22}every {period} s" in said.splitlines()


def test_a_job_runs_now_and_again_however_often_it_ran(run_on, database_url, clock, redis):
    log = a_log(database_url, clock)
    for _ in range(2):
        log.record("tencent", a_message(), Delivery(Outcome.SENT))
        clock.advance(91 * 86400)
        assert run_on({}, "run", "sms_purge") == (0, "sms_purge ran; it dealt with 1\n")
    assert run_on({"log_days": 400}, "run", "sms_purge") == (0, "sms_purge ran; it dealt with 0\n")
    assert redis.keys("job:*") == []


def test_a_job_that_nobody_knows_is_named(run_on):
    status, said = run_on({}, "run", "sms_perge")
    assert status == 1
    assert said.startswith("There is no job 'sms_perge'; the jobs are sms_purge, ")


def test_a_job_that_fails_ends_with_1_and_tells_nothing_but_the_kind(run_on):
    code, said = run_on({"database_url": "sqlite:////nonexistent/x"}, "run", "sms_purge")
    assert (code, said) == (1, "sms_purge failed: OperationalError\n")
