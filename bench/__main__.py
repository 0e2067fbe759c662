"""Speed of the hot paths, as ratios to what they can't be faster than.

Usage: python -m bench [--seconds 4] [--rounds 4] [--only me,login] [--stay]

Each round runs every route for some seconds, and beside it what bounds it, so that both meet the same noise: an empty
Resource on the same server, and argon2 alone on the same cores. A route with a failed request has no figure.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable

from bench.hashing import HashLoops, Loops
from bench.load import Run, load
from bench.report import loops_table, measured_table, ratio_table
from bench.shoppers import Shoppers
from bench.stage import Stage

WORKERS = 2
# As many as keep every place to hash busy, and no more than may wait before one of the workers.
CONNECTIONS = 8
MOST_SMS_PER_SECOND = 4000
MOST_FORMS_PER_SECOND = 300
GOALS = {"me": "≤ 1.5", "login": "≥ 0.97", "register": "≥ 0.93"}
PAIRS = {"me": "empty", "login": "verify", "register": "hash", "refresh": "", "sms": ""}


class Bench:
    """Every route by its name, measured for ``seconds``."""

    def __init__(self, stage: Stage, loops: HashLoops, seconds: int) -> None:
        self.runs: dict[str, list[Run]] = defaultdict(list)
        self.bare: dict[str, list[Loops]] = defaultdict(list)
        self._stage = stage
        self._loops = loops
        self._seconds = seconds
        self._shoppers = Shoppers(stage.url, stage.config, stage.folder)
        self._routes: dict[str, Callable[[int], Run]] = {
            "empty": lambda seconds: self._lines(f"{stage.empty_url}/v1/me", "GET", "access_tokens", seconds),
            "me": lambda seconds: self._lines(f"{stage.url}/v1/me", "GET", "access_tokens", seconds),
            "login": lambda seconds: self._lines(f"{stage.url}/v1/login", "POST", "logins", seconds),
            "register": self._register,
            "refresh": self._refresh,
            "sms": self._sms,
        }

    def measure(self, name: str) -> None:
        """Run one route, or one bound, once more."""
        if name in ("hash", "verify"):
            self.bare[name].append(self._loops.run(name, self._seconds))
            return
        if name not in self.runs:
            self._routes[name](1)
        self.runs[name].append(self._routes[name](self._seconds))

    def _lines(self, url: str, method: str, lines: str, seconds: int, *arguments: int) -> Run:
        path = getattr(self._shoppers, lines)(*arguments)
        return load(self._stage, url, "lines.lua", CONNECTIONS, seconds, method, path)

    def _register(self, seconds: int) -> Run:
        return self._lines(f"{self._stage.url}/v1/register", "POST", "forms", seconds, seconds * MOST_FORMS_PER_SECOND)

    def _sms(self, seconds: int) -> Run:
        return self._lines(f"{self._stage.url}/v1/sms", "POST", "sms", seconds, seconds * MOST_SMS_PER_SECOND)

    def _refresh(self, seconds: int) -> Run:
        tokens = self._shoppers.refresh_tokens(CONNECTIONS)
        return load(self._stage, f"{self._stage.url}/v1/token/refresh", "refresh.lua", CONNECTIONS, seconds, tokens)


def main() -> None:
    """Measure, and print the tables."""
    options = _read_options()
    with Stage(WORKERS) as stage:
        loops = HashLoops(stage.config)
        bench = Bench(stage, loops, options.seconds)
        if options.stay:
            input(f"{stage.url} (pid {stage.server[0].pid}), data in {stage.folder}; Enter ends it")
            return
        for number in range(options.rounds):
            for route in options.only.split(","):
                pair = [name for name in (route, PAIRS[route]) if name]
                # The order turns round, as the first of two may find the machine in another state than the second.
                for name in pair if number % 2 else reversed(pair):
                    bench.measure(name)
        loops.stop()
        if any(run.failed for found in bench.runs.values() for run in found):
            print("Requests failed; the last errors in the server's log:", *stage.errors(), sep="\n", end="\n\n")
    print(measured_table(bench.runs), loops_table(bench.bare), _ratios(bench), sep="\n\n")


def _ratios(bench: Bench) -> str:
    rows = []
    for name, found in bench.runs.items():
        void = any(run.failed for run in found)
        if bare := bench.bare.get(PAIRS.get(name, "")):
            pairs = list(zip(found, bare, strict=True))
            rows.append(
                (name, "rate of argon2 alone", [run.rate / loop.rate for run, loop in pairs], GOALS[name], void)
            )
            shares = [loop.cpu * 1000 / run.cpu_per_thousand("server") for run, loop in pairs]
            rows.append((name, "share of argon2 in the server's CPU", shares, "", void))
        elif name != "empty" and "empty" in bench.runs:
            pairs = zip(found, bench.runs["empty"], strict=True)
            ratios = [run.cpu_per_thousand("server") / empty.cpu_per_thousand("empty") for run, empty in pairs]
            rows.append((name, "CPU of an empty Resource", ratios, GOALS.get(name, ""), void))
    return ratio_table(rows)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4, help="of each run")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", default=",".join(PAIRS), help="routes, comma separated")
    parser.add_argument("--stay", action="store_true", help="start everything, and wait")
    return parser.parse_args()


if __name__ == "__main__":
    main()
