"""What the product does again and again, once per period in the whole fleet."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from services.scripts import RedisClient

LONGEST_LOOK_SECONDS = 60


@dataclass(frozen=True)
class Job:
    """``run`` says how many things it dealt with. It must be safe to run twice at once: a claim may end before the run does."""

    name: str
    every_seconds: int
    run: Callable[[], int]

    def pause(self) -> float:
        """Seconds until the next look whether it is due; drawn by lot, so that nodes don't beat in step."""
        return min(self.every_seconds, LONGEST_LOOK_SECONDS) * random.uniform(0.05, 0.15)  # noqa: S311


class Jobs:
    """Jobs by name. Whoever claims a period in Redis runs the job; without Redis nobody does."""

    def __init__(self, jobs: Iterable[Job], redis: RedisClient, log: FilteringBoundLogger) -> None:
        self.by_name = {job.name: job for job in jobs}
        self._redis = redis
        self._log = log

    def run_if_due(self, job: Job) -> None:
        """Run it unless somebody did in this period. A failure is a line in the log: the next period tries again."""
        try:
            if self._claim(job):
                self.run(job)
        except Exception as error:
            self._log.error("job_failed", job=job.name, error=type(error).__name__)

    def run(self, job: Job) -> int:
        """Run it now, whoever did before; raises what it raises."""
        began = time.perf_counter()
        count = job.run()
        self._log.debug("job_ran", job=job.name, seconds=time.perf_counter() - began)
        if count:
            self._log.info("job_done", job=job.name, count=count)
        return count

    def _claim(self, job: Job) -> bool:
        try:
            return bool(self._redis.set(f"job:{job.name}", 1, nx=True, px=job.every_seconds * 1000))
        except RedisError:
            return False
