"""What a crowd that logs in costs everybody else: the latency of GET /v1/me beside 64 clients, and beside nothing.

Usage: python -m bench.crowd [--seconds 4] [--rounds 3]

A client rests half a second before its next login, on average; together they want more than the cores can hash.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench.load import Run, load
from bench.shoppers import Shoppers
from bench.stage import Stage

WORKERS = 2
CLIENTS, REST_MILLISECONDS = 64, 500
READERS, READERS_REST_MILLISECONDS = 16, 40
GOAL = 5


class Crowd:
    """Those who read, and those who log in."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._shoppers = Shoppers(stage.url, stage.config, stage.folder)

    def read(self, seconds: int) -> Run:
        """``GET /v1/me``, calmly."""
        return self._run("me", "GET", "access_tokens", READERS, seconds, READERS_REST_MILLISECONDS)

    def log_in(self, seconds: int) -> Run:
        """All of the crowd."""
        return self._run("login", "POST", "logins", CLIENTS, seconds, REST_MILLISECONDS)

    def _run(self, route: str, method: str, lines: str, connections: int, seconds: int, rest: int) -> Run:
        path = getattr(self._shoppers, lines)()
        return load(self._stage, f"{self._stage.url}/v1/{route}", "lines.lua", connections, seconds, method, path, rest)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    quiet, crowded, logins = [], [], []
    with Stage(WORKERS) as stage, ThreadPoolExecutor(1) as beside:
        crowd = Crowd(stage)
        crowd.read(1)
        for _ in range(options.rounds):
            quiet.append(crowd.read(options.seconds))
            login = beside.submit(crowd.log_in, options.seconds + 1)
            crowded.append(crowd.read(options.seconds))
            logins.append(login.result())
    print("| `GET /v1/me` | quiet ms | beside 64 who log in, ms | ratio | rounds | goal |")
    print("| --- | ---: | ---: | ---: | --- | ---: |")
    for name in ("p50", "p99"):
        before, after = ([getattr(run, name) * 1000 for run in runs] for runs in (quiet, crowded))
        ratios = [high / low for low, high in zip(before, after, strict=True)]
        goal = f"≤ {GOAL}" if name == "p99" else ""
        shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"| {name} | {median(before):.1f} | {median(after):.1f} | {median(ratios):.2f} | {shown} | {goal} |")
    done = sum(run.requests - run.failed for run in logins) / sum(run.duration for run in logins)
    refused = sum(run.failed for run in logins) / sum(run.requests for run in logins)
    print(f"\nLogins: {done:.0f} a second; {refused:.0%} were told to come again in a second.")


if __name__ == "__main__":
    main()
