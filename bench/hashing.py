"""Argon2 alone: how often the cores can hash or verify when they do nothing else."""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from argon2 import PasswordHasher, Type

from api.config import Config

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Loops:
    """What the loops came to: acts per second of all together, and CPU seconds of one act."""

    rate: float
    cpu: float


class HashLoops:
    """As many processes as the server has places to hash, each in a tight loop."""

    def __init__(self, config: Config) -> None:
        self.places = config.workers * config.hash_places
        self._costs = (config.argon2_iterations, config.argon2_memory_kib, config.argon2_lanes)
        self._processes = ProcessPoolExecutor(self.places, mp_context=get_context("spawn"))

    def run(self, act: str, seconds: float) -> "Loops":
        """All of them ``hash`` or ``verify`` at once."""
        loops = [self._processes.submit(_loop, act, seconds, self._costs) for _ in range(self.places)]
        counts, rates, cpu = zip(*(loop.result() for loop in loops), strict=True)
        return Loops(rate=sum(rates), cpu=sum(cpu) / sum(counts))

    def stop(self) -> None:
        """End the processes."""
        self._processes.shutdown()


def _loop(act: str, seconds: float, costs: tuple[int, int, int]) -> tuple[int, float, float]:
    """How often, how often a second, and the CPU seconds of it all."""
    iterations, memory, lanes = costs
    hasher = PasswordHasher(time_cost=iterations, memory_cost=memory, parallelism=lanes, type=Type.ID)
    kept = hasher.hash(PASSWORD)
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        if act == "hash":
            hasher.hash(PASSWORD)
        else:
            hasher.verify(kept, PASSWORD)
        count += 1
    return count, count / (time.perf_counter() - start), time.process_time() - cpu
