"""Whether the time of a reply tells what its words don't: ``python -m bench.timing``."""

import argparse
import http.client
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from bench.shoppers import Shoppers
from bench.stage import Stage

ACCOUNTS = 60
NO_CAPS = {"SMS_COOLDOWN_SECONDS": 0, "SMS_PER_HOUR": 0, "SMS_PER_DAY": 0, "LIMIT_SMS_PER_PHONE": "1000000/hour"}
MARKS = ("disabled", "no password", "closing")
SETS = {
    "disabled": "status = 'disabled'",
    "no password": "password_hash = ''",
    "closing": "status = 'closing', erase_after = '2000-01-01'",
}


@dataclass(frozen=True)
class Kind:
    """One kind of request: the path, and the body of its n-th sample."""

    name: str
    path: str
    body: Callable[[int], dict[str, str]]


@dataclass(frozen=True)
class Times:
    """Milliseconds of one kind's samples."""

    name: str
    quick: float  # the tenth part was quicker: on a machine that does other things too this varies least
    median: float
    spread: float  # of the median, 1 sigma, by the quartiles


def logins(names: list[str]) -> Iterator[Kind]:
    """Logins that fail, for one reason each; a quarter of the accounts is as it was."""
    share = len(names) // (len(MARKS) + 1)
    groups = {"wrong password": names[:share]}
    groups |= {mark: names[share * (i + 1) : share * (i + 2)] for i, mark in enumerate(MARKS)}
    groups["unknown account"] = [f"nobody-{i}" for i in range(share)]
    for name, accounts in groups.items():
        yield Kind(
            name, "/v1/login", lambda i, own=accounts: {"account": own[i % len(own)], "password": "wrong password"}
        )


def sends(purpose: str) -> Iterator[Kind]:
    """Codes asked for by phones that have an account, and by others."""
    for name, prefix in (("known phone", "+86139"), ("unknown phone", "+86137")):
        yield Kind(
            f"{purpose}, {name}",
            "/v1/sms",
            lambda i, own=prefix: {"phone": f"{own}{i % ACCOUNTS:08}", "purpose": purpose},
        )


def measure(url: str, kinds: list[Kind], samples: int) -> list[Times]:
    """All kinds in turn, in another order each round, on one connection; the first tenth is not counted."""
    taken: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    for i in range(samples + samples // 10):
        for kind in random.sample(kinds, len(kinds)):
            body = json.dumps(kind.body(i)).encode()
            started = time.perf_counter()
            connection.request("POST", kind.path, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            assert reply.status in (202, 401), reply.status
            if i >= samples // 10:
                taken[kind.name].append((time.perf_counter() - started) * 1000)
    return [_times(name, values) for name, values in taken.items()]


def _times(name: str, values: list[float]) -> Times:
    """The standard error of a median of n is about 1.2533 sigma / sqrt(n)."""
    low, median, high = statistics.quantiles(values, n=4)
    quick = statistics.quantiles(values, n=10)[0]
    return Times(name, quick, median, 1.2533 * (high - low) / 1.349 / len(values) ** 0.5)


def report(times: list[Times]) -> None:
    """A row for each; the difference is to the first of them."""
    first = times[0]
    for one in times:
        sigma = (first.spread**2 + one.spread**2) ** 0.5
        difference = f"{one.median - first.median:+.2f} ± {3 * sigma:.2f}" if one is not first else ""
        print(f"| {one.name} | {one.quick:.2f} | {one.median:.2f} | {difference} |", flush=True)


def main() -> None:
    """Print the medians of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=300)
    samples = parser.parse_args().samples
    with Stage(1, **NO_CAPS) as stage:
        names = [
            account["user"]["username"]
            for account in Shoppers(stage.url, stage.config, stage.folder, ACCOUNTS).accounts
        ]
        kinds = list(logins(names))
        _mark(stage.config.database_url, kinds)
        print("| request | p10 ms | median ms | difference to the first, 3 sigma |\n|---|---:|---:|---:|")
        report(measure(stage.url, kinds, samples))
        for purpose in ("login", "reset_password", "register"):
            report(measure(stage.url, list(sends(purpose)), samples))


def _mark(database_url: str, kinds: list[Kind]) -> None:
    """Make the accounts of each kind what it says."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for kind in kinds:
            for i in range(ACCOUNTS if kind.name in SETS else 0):
                statement = text(f"UPDATE users SET {SETS[kind.name]} WHERE username = :name")
                connection.execute(statement, {"name": kind.body(i)["account"]})
    engine.dispose()


if __name__ == "__main__":
    main()
