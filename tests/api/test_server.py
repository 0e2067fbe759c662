"""The processes: what becomes of them when one is told to stop, dies, hangs or loses its parent."""

import os
import signal
from contextlib import suppress

import psutil
import pytest

from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def fresh(live):
    """Each of these tests harms the server; the next finds a new one."""
    yield
    live.stop()


def test_a_stopped_server_ends_with_all_its_processes(live):
    """R55, F27: SIGTERM ends it, exit code 0, and nothing of it is left."""
    server = psutil.Process(live.pid)
    processes = [server, *server.children(recursive=True)]
    server.terminate()
    assert live.wait(12) == 0, live.log
    assert not _alive(processes)


def test_a_worker_that_dies_is_replaced(live, live_client):
    victim = _workers(live)[0]
    victim.kill()
    wait_until(lambda: len(_workers(live)) == 2 and victim not in _workers(live))
    assert all(live_client.get("/healthz").status == 200 for _ in range(10))


def test_one_that_dies_as_soon_as_it_was_replaced_is_replaced_again(live, live_client):
    """R55, F26: the others go on meanwhile."""
    for _ in range(3):
        before = _workers(live)
        max(before, key=psutil.Process.create_time).kill()
        wait_until(lambda before=before: len(_workers(live)) == 2 and _workers(live) != before)
    assert all(live_client.get("/healthz").status == 200 for _ in range(10))


def test_workers_that_die_again_and_again_end_the_server(live):
    """Whatever watches it hears of it, and starts it later."""

    def is_over():
        for worker in _workers(live):
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        return not psutil.pid_exists(live.pid)

    wait_until(is_over, seconds=30)
    assert live.wait(5) == 1


def test_a_worker_that_hangs_is_replaced(live, live_client):
    victim = _workers(live)[0]
    os.kill(victim.pid, signal.SIGSTOP)
    wait_until(lambda: len(_workers(live)) == 2 and victim not in _workers(live), seconds=20)
    assert all(live_client.get("/healthz").status == 200 for _ in range(10))


def test_workers_end_with_a_parent_that_was_killed(live):
    workers = _workers(live)
    os.kill(live.pid, signal.SIGKILL)
    wait_until(lambda: not _alive(workers))


def _workers(live):
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(live.pid).children()
    return []


def _alive(processes):
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
