"""The numbers of a server's workers, put together: whoever answers the scrape, and whatever became of the worker that counted."""

import os
import sys
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from api.bad_setting import BadSetting
from api.config import ROOT
from api.metrics_folder import FOLDER, IN_MEMORY, PREFIX, SIZES, count_as_worker, metrics_folder
from tests.clients import LiveClient
from tests.parallel import in_parallel
from tests.scrape import Scrape
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database
ANOTHER = """
import time
from api.metrics_folder import metrics_folder
with metrics_folder(1) as folder:
    print(folder, flush=True)
    time.sleep(60)
"""
REQUESTS = "http_request_duration_seconds_count"


def folder_of(live) -> Path:
    """The one that the server's own process holds open."""
    held = {link.readlink() for link in Path(f"/proc/{live.pid}/fd").iterdir() if link.exists()}
    (folder,) = held & set(IN_MEMORY.glob(f"{PREFIX}*"))
    return folder


def replacements(client) -> float | None:
    """None where the dead worker's socket took the question."""
    with suppress(OSError, HTTPException):
        return Scrape(client).value("workers_replaced_total")


def test_workers_count_together_and_what_a_dead_one_counted_stays(live):
    client = LiveClient(live.url)
    before = Scrape(client)
    in_parallel(40, lambda _: client.get("/v1/me"))
    counted = before.value(REQUESTS, route="/v1/me") + 40
    assert {Scrape(client).value(REQUESTS, route="/v1/me") for _ in range(10)} == {counted}
    states = str(folder_of(live) / "gauge_livesum_1.db")
    worker = next(each for each in live.workers() if states in {part.path for part in each.memory_maps()})
    replaced = before.value("workers_replaced_total")
    worker.kill()
    wait_until(lambda: replacements(client) == replaced + 1)
    assert Scrape(client).value(REQUESTS, route="/v1/me") == counted
    folder = folder_of(live)
    assert folder.stat().st_mode & 0o077 == 0
    live.stop()
    assert not folder.exists()


def test_what_a_killed_server_left_is_taken_away_by_the_next_and_nobody_else_s_is():
    with Popen([sys.executable, "-c", ANOTHER], cwd=ROOT, stdout=PIPE, text=True) as other:
        theirs = Path(other.stdout.readline().strip())
        with metrics_folder(1) as mine:
            assert theirs.exists()
            other.kill()
            other.wait()
            with metrics_folder(1):
                assert not theirs.exists()
                assert mine.exists()


def test_a_new_worker_goes_on_counting_and_forgets_how_the_dead_one_stood():
    with metrics_folder(1) as folder:
        assert not count_as_worker(1)
        for kind in ("counter", "gauge_livesum"):
            file = MmapedDict(folder / f"{kind}_1.db")
            file.write_value(mmap_key(kind, kind, [], [], "Tests."), 5.0, 0.0)
            file.close()
        assert count_as_worker(1)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        assert registry.get_sample_value("counter") == 5
        assert registry.get_sample_value("gauge_livesum") is None
    assert FOLDER not in os.environ


def test_whoever_reads_how_a_worker_stood_has_it_whole_though_another_begins():
    with metrics_folder(1) as folder, (folder / "gauge_livesum_1.db").open("rb") as reading:
        count_as_worker(1)
        assert len(reading.read()) == SIZES["gauge_livesum"]
        assert {file.suffix for file in folder.iterdir()} == {".db"}
        assert os.fstat(reading.fileno()).st_nlink == 0


def test_room_is_taken_at_the_start_and_where_there_is_none_a_sentence_says_so(monkeypatch, tmp_path):
    """A page of a mapped file that finds no room later would end the worker."""
    with metrics_folder(2) as folder:
        used = {file.name: file.stat().st_blocks * 512 for file in folder.iterdir()}
    assert used == {f"{kind}_{number}.db": size for kind, size in SIZES.items() for number in range(3)}
    monkeypatch.setattr("api.metrics_folder.IN_MEMORY", tmp_path / "none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(BadSetting, match="TMPDIR"), metrics_folder(1):
        pass
