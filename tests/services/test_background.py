"""Work that no reply waits for: nothing is lost between two threads, nothing done twice after a fork, and floods are dropped."""

import os
import queue
import threading
import time

import pytest
import structlog
from structlog.testing import capture_logs

from services.background import CAPACITY, Background, drain
from tests.forks import fork
from tests.parallel import in_parallel
from tests.waiting import wait_until


@pytest.fixture
def soon():
    return Background("tests", structlog.get_logger())


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "tests"]


def test_work_is_done_in_its_order(soon):
    done = []
    for i in range(100):
        soon.submit(lambda i=i: done.append(i))
    assert drain(5)
    assert done == list(range(100))


def test_the_thread_ends_when_there_is_nothing_to_do_and_comes_back():
    soon = Background("tests", structlog.get_logger(), idle_seconds=0.01)
    done = []
    for i in range(3):
        soon.submit(lambda i=i: done.append(i))
        wait_until(lambda: not threads())
    assert done == [0, 1, 2]


def test_nothing_is_lost_when_work_comes_while_the_thread_ends():
    """Submissions come in the rhythm in which the thread gives up, so that the two meet again and again."""
    soon = Background("tests", structlog.get_logger(), idle_seconds=0.0005)
    done = []

    def submit(_):
        for _ in range(300):
            soon.submit(lambda: done.append(1))
            time.sleep(0.0005)

    in_parallel(4, submit)
    wait_until(lambda: len(done) == 1200)
    wait_until(lambda: not threads(), "the end of all threads")


def test_work_that_comes_just_when_the_thread_gives_up_is_done(monkeypatch):
    """The thread has waited in vain, and stands at the lock that a submission holds."""
    soon = Background("tests", structlog.get_logger(), idle_seconds=0.01)
    done, gave_up, held, get = [], threading.Event(), threading.Event(), soon._work.get

    def get_until_the_lock_is_held(timeout):
        try:
            return get(timeout=timeout)
        except queue.Empty:
            gave_up.set()
            held.wait(10)
            raise

    monkeypatch.setattr(soon._work, "get", get_until_the_lock_is_held)
    soon.submit(lambda: done.append(1))
    assert gave_up.wait(10)
    with soon._lock:
        held.set()
        time.sleep(0.05)
        assert threads()
        soon._work.put_nowait((0, "", lambda: done.append(2)))
    wait_until(lambda: done == [1, 2])


def test_one_thread_works_however_many_submit(soon):
    seen = set()
    in_parallel(50, lambda _: soon.submit(lambda: seen.add(threading.get_ident())))
    assert drain(5)
    assert len(seen) == 1


def test_a_pause_lies_before_each_work_and_delays_no_other():
    soon = Background("tests", structlog.get_logger(), pause_seconds=0.1)
    started, done = time.monotonic(), []
    for _ in range(50):
        soon.submit(lambda: done.append(time.monotonic() - started))
    assert drain(5)
    assert min(done) >= 0.1
    assert max(done) < 3


def test_a_failure_is_a_line_in_the_log_and_the_next_work_is_done(soon):
    done = []
    with capture_logs() as lines:
        for work in (lambda: 1 / 0, lambda: {}["x"], lambda: done.append(1)):
            soon.submit(work)
        assert drain(5)
    assert done == [1]
    assert [(line["event"], line["error"]) for line in lines] == [
        ("work_failed", "ZeroDivisionError"),
        ("work_failed", "KeyError"),
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced(soon):
    def die():
        raise SystemExit

    done = []
    soon.submit(die)
    wait_until(lambda: not threads())
    soon.submit(lambda: done.append(1))
    assert drain(5)
    assert done == [1]


def test_where_no_thread_can_be_had_the_work_waits_for_the_next(soon, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    done = []
    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(threading.Thread, "start", refuse)
        assert not soon.submit(lambda: done.append(1))
    assert [line["event"] for line in lines] == ["no_thread"]
    assert soon.submit(lambda: done.append(2))
    assert drain(5)
    assert done == [1, 2]


def test_a_flood_is_dropped_and_counted(soon):
    go_on = threading.Event()
    done = []
    soon.submit(go_on.wait)
    wait_until(soon._work.empty)
    with capture_logs() as lines:
        for _ in range(CAPACITY + 150):
            taken = soon.submit(lambda: done.append(1))
    assert not taken
    assert soon.dropped == 150
    assert [line["dropped"] for line in lines] == [1, 10, 100]
    go_on.set()
    assert drain(5)
    assert len(done) == CAPACITY


def test_draining_waits_no_longer_than_it_is_told(soon):
    go_on = threading.Event()
    soon.submit(go_on.wait)
    started = time.monotonic()
    assert not drain(0.1)
    assert 0.1 <= time.monotonic() - started < 2
    go_on.set()
    assert drain(5)


def in_child(act):
    """What ``act`` returns in a forked child; "hung" where it does not end."""
    reading, writing = os.pipe()

    def answer():
        threading.Timer(5, os._exit, (1,)).start()
        os.write(writing, act().encode())

    child = fork(answer)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said or "hung"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_after_a_fork_the_child_works_and_leaves_the_parents_work_alone(soon):
    go_on = threading.Event()
    done = []
    soon.submit(go_on.wait)
    soon.submit(lambda: done.append("parent"))

    def work():
        soon.submit(lambda: done.append("child"))
        drain(3)
        return ",".join(done)

    with soon._lock:
        assert in_child(work) == "child"
    assert done == []
    go_on.set()
    assert drain(5)
    assert done == ["parent"]
