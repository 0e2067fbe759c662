"""The processes: what becomes of them when one is told to stop, dies, hangs or loses its parent."""

import os
import signal

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
    return psutil.Process(live.pid).children()


def _alive(processes):
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
