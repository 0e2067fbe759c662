"""What a request costs where there are many accounts, as ratios to where there are few.

Usage: python -m bench.growth [--sizes 1000,100000,1000000] [--rounds 20] [--requests 20]

Each size has a database and a Redis of its own, and all the same app in this process, with the least of argon2, so that the
hash hides nothing. In each round every path is asked some times at every size, one size after the other in another order, so
that all meet the same noise; compared are the CPU seconds of app, PostgreSQL and Redis together.
"""

import argparse
import random
import shutil
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from statistics import median

from argon2 import PasswordHasher

from api.config import Config, read_config
from bench.growth.house import House
from bench.growth.paths import PATHS, purge
from bench.growth.plans import scans
from bench.growth.report import Costs, cost_table, redis_table, rows_table, too_much, wal_table
from bench.growth.rooms import redis_bytes, row_bytes, wal_bytes
from bench.hashing import PASSWORD
from bench.stage import LIMITS, MANY, SECRET
from tests.servers.postgres import PostgresServer
from tests.servers.process import temporary_folder
from tests.settings import environment_of

POSTGRES = ("shared_buffers=1GB", "max_wal_size=4GB", "maintenance_work_mem=256MB", "autovacuum=off")
KEPT = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
CHEAP = {"ARGON2_MEMORY_KIB": "64", "ARGON2_ITERATIONS": "1", "DATABASE_TIMEOUT_SECONDS": "10"}


def main() -> None:
    """Fill, measure, and print the tables."""
    options = _read_options()
    sizes = sorted(int(size) for size in options.sizes.split(","))
    with ExitStack() as parts:
        houses = _build(sizes, parts)
        rows = row_bytes(houses[sizes[-1]])
        costs, hashes = _measure(houses, options.only.split(";"), options.rounds, options.requests)
        largest = houses[sizes[-1]]
        found = scans(largest, lambda: (_ask_all(largest), purge(largest)))
        rooms = [redis_table(redis_bytes(largest)), rows_table(rows), wal_table(wal_bytes(largest))]
    verified = (
        f"One verification of a password at the default costs took {median(hashes) * 1000:.1f} ms of CPU meanwhile."
    )
    print(cost_table(costs, sizes), verified, *rooms, sep="\n\n")
    grown = too_much(costs, sizes)
    print("", f"Beyond the goal: {', '.join(grown) or 'none'}.", f"Whole tables read: {len(found)}.", *found, sep="\n")
    sys.exit(1 if grown or found else 0)


def _build(sizes: list[int], parts: ExitStack) -> dict[int, House]:
    folder = temporary_folder("growth")
    parts.callback(shutil.rmtree, folder, ignore_errors=True)
    postgres = PostgresServer(*POSTGRES)
    parts.callback(postgres.remove)
    config, houses = _config(str(folder)), {}
    for size in sizes:
        began = time.monotonic()
        houses[size] = House(config, postgres, size)
        parts.callback(houses[size].remove)
        print(f"{size:,} accounts filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return houses


def _config(folder: str) -> Config:
    """As it is delivered, but for numbers of limits that nobody reaches, and the cheap hash."""
    limits = {**LIMITS, "LIMIT_AVAILABILITY_PER_ADDRESS": f"{MANY}/minute"}
    places = {"INSTANCE_DIR": folder, "DATABASE_URL": "sqlite://", "REDIS_URL": "redis://127.0.0.1:1/0"}
    settings = {**limits, **CHEAP, **places, "SECRET_KEYS": SECRET, "TRUSTED_PROXIES": "1", "LOG_FORMAT": "json"}
    with environment_of(settings):
        return read_config()


def _measure(houses: dict[int, House], names: list[str], rounds: int, requests: int) -> tuple[Costs, list[float]]:
    """What each path cost, and what a hash cost beside it."""
    costs: Costs = defaultdict(list)
    hashes = []
    for house in houses.values():
        for _ in range(5):
            _ask_all(house)
    for _ in range(rounds):
        for path in names:
            for size in random.sample(list(houses), len(houses)):
                house = houses[size]
                costs[path, size].append(house.cost(PATHS[path](house) for _ in range(requests)))
            hashes.append(_hash_seconds())
    return costs, hashes


def _hash_seconds() -> float:
    kept, began = KEPT.hash(PASSWORD), time.process_time()
    KEPT.verify(kept, PASSWORD)
    return time.process_time() - began


def _ask_all(house: House) -> None:
    """Every path once."""
    for make in PATHS.values():
        house.ask(make(house))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,100000,1000000", help="numbers of accounts, comma separated")
    parser.add_argument("--only", default=";".join(PATHS), help="paths, with semicolons between them")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--requests", type=int, default=20, help="of each path at each size in a round")
    return parser.parse_args()


if __name__ == "__main__":
    main()
