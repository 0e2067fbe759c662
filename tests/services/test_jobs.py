"""What is done again and again: once per period in the whole fleet, whatever goes wrong."""

import random
import threading

import pytest
import structlog
from redis import Redis
from structlog.testing import capture_logs

from services.jobs import Job, Jobs
from tests.parallel import in_parallel
from tests.timetravel import age_redis


class Runs:
    """A job's work that is counted, and fails as it is told."""

    def __init__(self, answer=1):
        self.answer = answer
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self.count += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def a_node(redis_url):
    """A server's jobs, over a connection of its own."""
    connections = []

    def make(*jobs, url=redis_url):
        connections.append(Redis.from_url(url))
        return Jobs(jobs, connections[-1], structlog.get_logger())

    yield make
    for connection in connections:
        connection.close()


def test_many_nodes_run_a_job_once_in_a_period(a_node, redis):
    work = Runs()
    job = Job("sweep", 3600, work)
    nodes = [a_node(job) for _ in range(20)]
    in_parallel(20, lambda i: nodes[i].run_if_due(job))
    assert work.count == 1
    age_redis(redis, 3590)
    nodes[0].run_if_due(job)
    assert work.count == 1
    age_redis(redis, 11)
    in_parallel(20, lambda i: nodes[i].run_if_due(job))
    assert work.count == 2


def test_jobs_have_periods_of_their_own(a_node):
    works = [Runs(), Runs()]
    jobs = [Job("one", 3600, works[0]), Job("other", 3600, works[1])]
    node = a_node(*jobs)
    for job in jobs * 2:
        node.run_if_due(job)
    assert [work.count for work in works] == [1, 1]


def test_a_failure_is_told_by_its_kind_alone_and_tried_again_in_the_next_period(a_node, redis):
    work = Runs(ValueError("the code of +8613800138000 is 902714"))
    job = Job("sweep", 10, work)
    node = a_node(job)
    with capture_logs() as logs:
        for _ in range(3):
            node.run_if_due(job)
            age_redis(redis, 11)
    assert logs == [{"event": "job_failed", "log_level": "error", "job": "sweep", "error": "ValueError"}] * 3


def test_without_redis_jobs_wait(a_node, tmp_path):
    work = Runs()
    job = Job("sweep", 10, work)
    node = a_node(job, url=f"unix://{tmp_path}/nowhere.sock")
    with capture_logs() as logs:
        node.run_if_due(job)
    assert (work.count, logs) == (0, [])


def test_what_was_done_is_told_where_there_was_something_to_do(a_node):
    work = Runs(0)
    job = Job("sweep", 10, work)
    node = a_node(job)
    with capture_logs() as logs:
        assert node.run(job) == 0
        work.answer = 3
        assert node.run(job) == 3
    assert [(line["event"], line["count"]) for line in logs if line["log_level"] != "debug"] == [("job_done", 3)]


def test_run_by_hand_nobody_s_claim_counts_and_failures_are_the_caller_s(a_node):
    work = Runs()
    job = Job("sweep", 3600, work)
    node = a_node(job)
    node.run_if_due(job)
    node.run(job)
    assert work.count == 2
    work.answer = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        node.run(job)


@pytest.mark.parametrize(("every", "least", "most"), [(10, 0.5, 1.5), (86400, 3, 9)])
def test_looks_come_often_enough_and_at_no_fixed_time(every, least, most):
    random.seed(1)
    pauses = [Job("sweep", every, Runs()).pause() for _ in range(100)]
    assert least <= min(pauses) < max(pauses) <= most
    assert len(set(pauses)) > 90
