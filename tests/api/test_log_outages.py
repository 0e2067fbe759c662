"""A log that nobody can write, or nobody reads, costs lines and no request."""

import os
import resource
import time
from contextlib import suppress
from pathlib import Path

import pytest

from api.log_writer import LineWriter
from tests.clients import LiveClient
from tests.forks import fork
from tests.secrecy import lying_in
from tests.servers.live import LiveServer
from tests.shopper import new_phone
from tests.waiting import wait_until

ASKED = 20


def fill(descriptor):
    """Until the pipe takes no more."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"\n" * 4096)
    os.set_blocking(descriptor, True)


def drain(reader):
    """What is in the pipe, without what it was filled with."""
    parts = []
    with suppress(BlockingIOError):
        while part := os.read(reader, 65536):
            parts.append(part)
    return b"".join(parts).strip(b"\n")


@pytest.fixture
def pipe():
    """Its two ends; who reads it does not wait."""
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def a_writer(descriptor):
    return LineWriter(descriptor, lambda missing: b"%d missing\n" % missing, capacity=10)


def test_what_finds_no_room_is_dropped_and_told_of(pipe):
    """F25: nobody waits for a reader that hangs; when it reads again the log says how many lines are missing."""
    reader, descriptor = pipe
    fill(descriptor)
    writer = a_writer(descriptor)
    writer.write(b"line 0\n")
    wait_until(lambda: writer._thread)
    for i in range(1, 100):
        writer.write(b"line %d\n" % i)
    assert writer.dropped == 90
    assert not writer.flush(0.05)
    text = drain(reader)
    assert writer.flush(5)
    text += b"\n" + drain(reader)
    told, *lines = sorted(text.strip(b"\n").split(b"\n"))
    assert (told, lines) == (b"90 missing", [b"line %d" % i for i in range(10)])


def test_a_reader_that_is_gone_is_no_error():
    reader, descriptor = os.pipe()
    os.close(reader)
    writer = a_writer(descriptor)
    writer.write(b"lost\n")
    assert writer.flush(5)
    os.close(descriptor)
    assert writer.dropped == 1


def test_after_a_full_disk_the_log_goes_on_in_a_line_of_its_own(tmp_path):
    """F25: what was cut short is ended; the disk is full in a child of ours, which may write 32 bytes to a file."""
    path = tmp_path / "log"

    def fill_and_go_on():
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        writer = a_writer(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        resource.setrlimit(resource.RLIMIT_FSIZE, (32, most))
        for _ in range(3):
            writer.write(b"a line of 20 bytes..\n")
        writer.flush(5)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        writer.write(b"after\n")
        return not writer.flush(5)

    assert os.waitpid(fork(fill_and_go_on), 0)[1] == 0
    assert path.read_text().splitlines() == ["a line of 20 bytes..", "a line of 2", "2 missing", "after"]


def test_a_child_writes_its_own_lines_only(pipe):
    """What waits at a fork is the parent's to write; the child starts a thread of its own."""
    reader, descriptor = pipe
    fill(descriptor)
    writer = a_writer(descriptor)
    writer.write(b"the parent's\n")

    def write_too():
        writer.write(b"the child's\n")
        return not writer.flush(5)

    child = fork(write_too)
    text = drain(reader)
    assert os.waitpid(child, 0)[1] == 0
    assert writer.flush(5)
    text += b"\n" + drain(reader)
    assert sorted(filter(None, text.split(b"\n"))) == [b"the child's", b"the parent's"]


class Muted(LiveServer):
    """The real server, whose standard output and standard error are ``place``."""

    def __init__(self, database_url, redis_url, place: Path):
        super().__init__(database_url, redis_url)
        self._log = place


@pytest.fixture(params=["a full disk", "a reader that hangs"])
def muted(request, database_url, redis_url, tmp_path):
    """A server that can't write its log; and what frees it."""
    place, reader, held = Path("/dev/full"), None, None
    if request.param != "a full disk":
        place = tmp_path / "pipe"
        os.mkfifo(place)
        reader = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        held = os.open(place, os.O_WRONLY)
        fill(held)
    server = Muted(database_url, redis_url, place)
    server.start(LOG_FORMAT="json", WORKERS=1)
    yield server, reader, held
    server.remove()
    if reader:
        os.close(held)
        os.close(reader)


def test_a_server_that_can_t_write_its_log_serves(muted):
    """F25: no request fails or waits, and the server ends in time; a reader that comes back reads what was kept."""
    server, reader, held = muted
    client = LiveClient(server.url, timeout_seconds=3)
    for _ in range(ASKED):
        assert client.post("/v1/sms", json={"phone": new_phone(), "purpose": "register"}).status == 202
    if reader:
        text = b""
        deadline = time.monotonic() + 5
        while text.count(b'"sms_tried"') < ASKED and time.monotonic() < deadline:
            text += drain(reader)
            time.sleep(0.01)
        assert text.count(b'"sms_tried"') == ASKED
        assert lying_in(text.decode()) == []
        fill(held)
        client.post("/v1/sms", json={"phone": new_phone(), "purpose": "register"})
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 10
