"""Where the workers of one server put their numbers together: files in memory, mapped by each worker and read by whoever is scraped.

The folder is made anew at each start and locked for as long as the server or a worker of it lives, so that two servers never share
one, and what a killed server left behind is taken away by the next that starts.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import values

from api.bad_setting import BadSetting
from api.metrics import metrics

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "dongbao-metrics-"
IN_MEMORY = Path("/dev/shm")  # noqa: S108
# A mapped page that finds no room on its disk ends the process (SIGBUS), so that all room is taken at the start.
SIZES = {"histogram": 1 << 20, "counter": 1 << 18, "gauge_livesum": 1 << 16, "gauge_max": 1 << 16}
# The files begin with how many of their bytes are used.
COUNTERS, USED_BYTES = "counter", 4
OF_THE_LIVING = "gauge_livesum"
_worker = 0


@contextmanager
def metrics_folder(workers: int) -> Iterator[Path]:
    """In the parent: a folder for the block, with room for itself and its workers; all metrics begin anew. Raises ``BadSetting``."""
    folder, lock = _make(workers)
    os.environ[FOLDER] = str(folder)
    alone, values.ValueClass = values.ValueClass, values.MultiProcessValue(lambda: _worker)
    metrics.cache_clear()
    try:
        yield folder
    finally:
        values.ValueClass = alone
        metrics.cache_clear()
        os.environ.pop(FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def count_as_worker(number: int) -> bool:
    """In a worker: go on with the counters of the one that had this number before, and forget its states; says whether there was one."""
    global _worker
    _worker, folder = number, Path(os.environ[FOLDER])
    _take_room(folder, OF_THE_LIVING, number)
    with (folder / f"{COUNTERS}_{number}.db").open("rb") as file:
        return any(file.read(USED_BYTES))


def _make(workers: int) -> tuple[Path, int]:
    """A folder that is locked, and the descriptor that holds the lock."""
    for place in (IN_MEMORY, Path(tempfile.gettempdir())):
        with suppress(OSError):
            _remove_abandoned(place)
            folder, lock = _make_locked(place)
            try:
                for number in range(workers + 1):
                    for kind in SIZES:
                        _take_room(folder, kind, number)
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
                raise
            return folder, lock
    needed = sum(SIZES.values()) * (workers + 1) >> 20
    raise BadSetting(
        f"There is no room for metrics; free {needed + 1} MiB in /dev/shm, or set TMPDIR to a folder with room."
    )


def _make_locked(place: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        # Who takes away what is abandoned came before the lock.
        os.close(lock)


def _remove_abandoned(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _take_room(folder: Path, kind: str, number: int) -> None:
    """An empty file, as prometheus-client names it, whose pages are there already. Raises ``OSError``.

    Whoever reads the one before meanwhile has it whole.
    """
    beside = folder / f"{kind}_{number}.new"
    with beside.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, SIZES[kind])
    beside.rename(folder / f"{kind}_{number}.db")
