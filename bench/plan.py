"""What so many accounts and logins take, and what gives first: a calculation from what was measured.

Usage: python -m bench.plan [--users 10000000] [--logins 5000] [--hash-ms 20] [--node-cores 16]

The costs of requests are those of `python -m bench.growth` at 1,000 accounts, taken to a core that verifies a password in 20 ms;
the round trips are those of docs/performance.md, which the test suite counts. Everything else that is assumed is an option.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from tests.docs.markdown import read, rows, section

# Of one core, how much is planned to be used: the rest is for peaks within the second, and for a node that is away.
BUSY = 0.6
MEBI, GIBI = 2**20, 2**30
HASH_MIB = 19
# Connections of a worker to the database: three quarters of THREADS.
PLACES = 12


@dataclass(frozen=True)
class Kind:
    """A kind of request: its row in the table of round trips, and milliseconds of CPU without its hash; bytes of log."""

    row: str
    app: float
    sql: float
    redis: float
    log: int = 0


KINDS = {
    "login": Kind("`POST /v1/login`, password", 2.8, 0.55, 0.21, 1069),
    "register": Kind("`POST /v1/register`", 6.4, 1.3, 0.24, 3960),
    "sms": Kind("`POST /v1/sms`", 4.5, 0.33, 0.48, 739),
    "refresh": Kind("`POST /v1/token/refresh`", 1.0, 0.14, 0.06, 1016),
    # Of a session that the process does not keep.
    "me": Kind("`GET /v1/me`", 0.29, 0.0, 0.03),
}
# Bytes of a row with its indexes, at 1,000,000 accounts.
ROW = {"users": 442, "sessions": 323, "security_events": 395, "sms_messages": 499, "devices": 182, "notices": 315}
# Bytes in Redis.
ACTIVE, MESSAGE, ADDRESS = 744, 1847, 246


@dataclass(frozen=True)
class Demand:
    """Requests in the busiest second by kind, the same of a day, and how many accounts there are."""

    users: int
    second: dict[str, float]
    day: dict[str, float]


@dataclass(frozen=True)
class Machine:
    """Milliseconds of one hash, and cores: of a node, and of the database."""

    hash_ms: float
    node_cores: int
    sql_cores: int


def plan(demand: Demand, machine: Machine) -> Iterator[tuple[str, str]]:
    """What it takes, each with its figure."""
    second, hashes = demand.second, demand.second["login"] + demand.second["register"]
    hashing, app = hashes * machine.hash_ms / 1000, _sum(second, "app") / 1000
    nodes = ceil((hashing + app) / (machine.node_cores * BUSY))
    yield "cores that hash", f"{hashing:.0f}"
    yield "cores for all else in the nodes", f"{app:.0f}"
    yield f"nodes of {machine.node_cores} cores, {BUSY:.0%} busy", f"{nodes}"
    yield "memory of the hashes in a node", f"{machine.node_cores * HASH_MIB} MiB"
    yield "connections to PostgreSQL at most", f"{nodes * machine.node_cores * PLACES:,}"
    redis, sql = _trips()
    yield "calls of Redis a second", f"{sum(second[name] * redis[name] for name in second):,.0f}"
    yield "cores of Redis, of which one Redis has one", f"{_sum(second, 'redis') / 1000:.1f}"
    yield "statements a second", f"{sum(second[name] * sql[name] for name in second):,.0f}"
    yield "cores of PostgreSQL", f"{_sum(second, 'sql') / 1000:.1f}"
    yield "log of PostgreSQL, without images of pages", f"{_sum(second, 'log') / MEBI:.0f} MiB/s"
    yield from _room(demand)
    yield from _first(demand, machine)


def _room(demand: Demand) -> Iterator[tuple[str, str]]:
    """Bytes that stay, each table as long as its rows are kept by default."""
    day, active = demand.day, min(demand.users, demand.second["me"] * 60)
    memory = active * ACTIVE + day["sms"] * MESSAGE + demand.second["login"] * 60 * ADDRESS
    yield "memory of Redis", f"{memory / GIBI:.1f} GiB"
    entries = day["login"] + day["register"]
    kept = {
        "users": demand.users,
        "devices": demand.users * 1.5,
        "sessions": entries * (30 + 200),
        "security_events": entries * 365,
        "sms_messages": day["sms"] * 90,
        "notices": day["register"] * 30,
    }
    for table, count in kept.items():
        yield f"`{table}`", f"{count / 1e6:,.0f} million rows, {count * ROW[table] / GIBI:,.0f} GiB"
    deleted = 2 * entries + day["sms"] + day["register"]
    yield "rows deleted in a day, and batches", f"{deleted / 1e6:.1f} million, {deleted / 1000:,.0f}"


def _first(demand: Demand, machine: Machine) -> Iterator[tuple[str, str]]:
    """What is full at how many logins a second, with all else in proportion; nodes are only ever more."""
    need = {"one Redis": (1, "redis"), f"PostgreSQL on {machine.sql_cores} cores": (machine.sql_cores, "sql")}
    for part, (cores, cost) in need.items():
        full = demand.second["login"] * cores * BUSY / (_sum(demand.second, cost) / 1000)
        yield f"logins a second at which {part} is {BUSY:.0%} busy", f"{full:,.0f}"


def _sum(second: dict[str, float], part: str) -> float:
    return sum(rate * getattr(KINDS[name], part) for name, rate in second.items())


def _trips() -> tuple[dict[str, int], dict[str, int]]:
    """Calls of Redis and statements of each kind, those beside the reply included."""
    found = {row[0]: row[1:] for row in rows(section(read("docs/performance.md"), "Round trips"))}
    redis, sql = {}, {}
    for name, kind in KINDS.items():
        before_redis, before_sql, _, beside = found[kind.row]
        beside_redis, beside_sql = map(int, beside.split(" + ")) if beside else (0, 0)
        redis[name], sql[name] = int(before_redis) + beside_redis, int(before_sql) + beside_sql
    return redis, sql


def main() -> None:
    """Print the table."""
    options = _read_options()
    second = {name: getattr(options, name) for name in KINDS if name != "login"} | {"login": options.logins}
    day = {"login": options.logins_a_day, "register": options.registers_a_day, "sms": options.sms_a_day}
    machine = Machine(options.hash_ms, options.node_cores, options.sql_cores)
    print("| what | how much |\n| --- | ---: |")
    for what, much in plan(Demand(options.users, second, day), machine):
        print(f"| {what} | {much} |")


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=10_000_000)
    parser.add_argument("--logins", type=float, default=5000, help="in the busiest second; so are the next four")
    parser.add_argument("--me", type=float, default=20_000)
    parser.add_argument("--refresh", type=float, default=2000)
    parser.add_argument("--sms", type=float, default=500)
    parser.add_argument("--register", type=float, default=100)
    parser.add_argument("--logins-a-day", type=float, default=2_000_000)
    parser.add_argument("--registers-a-day", type=float, default=50_000)
    parser.add_argument("--sms-a-day", type=float, default=500_000)
    parser.add_argument("--hash-ms", type=float, default=20, help="of one core for one hash")
    parser.add_argument("--node-cores", type=int, default=16)
    parser.add_argument("--sql-cores", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    main()
