"""Requests per second and CPU per request of the candidate servers.

Usage: python bench/servers/measure.py [--seconds 3] [--rounds 2] [--threads 8] [NAME ...]

CPU is that of the server's whole process tree (user + system time from
/proc/*/stat), so it hardly depends on what else the machine does; requests
per second do. Of several rounds the one with the least CPU counts.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from dataclasses import dataclass

from candidates import CANDIDATES
from running import ADDRESS, cpu_seconds, rss_kib, running, tree

PATHS = {"bare": "/", "api": "/empty", "joined": "/empty"}


@dataclass(frozen=True)
class Result:
    name: str
    target: str
    processes: int
    rate: float
    cpu_us: float
    rss_mib: float
    errors: int


def load(port: int, path: str, seconds: int) -> tuple[int, float, int]:
    """Run wrk once; answers, answers per second, failed requests."""
    url = f"http://{ADDRESS}:{port}{path}"
    done = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", url],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 20,
    ).stdout
    count = re.search(r"(\d+) requests in", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    if count is None or rate is None:
        raise ValueError(f"wrk said something unexpected:\n{done}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    socket_errors = re.search(r"Socket errors: (.*)", done)
    failed = int(bad[1]) if bad else 0
    if socket_errors:
        failed += sum(int(number) for number in re.findall(r"\d+", socket_errors[1]))
    return int(count[1]), float(rate[1]), failed


def measure(name: str, target: str, processes: int, threads: int, seconds: int) -> Result:
    with running(name, target, processes, threads) as (server, port):
        load(port, PATHS[target], 1)
        before = cpu_seconds(server.pid)
        count, rate, errors = load(port, PATHS[target], seconds)
        used = cpu_seconds(server.pid) - before
        rss = max(rss_kib(pid) for pid in tree(server.pid)) / 1024
        return Result(name, target, processes, rate, used / max(count, 1) * 1e6, rss, errors)


def table(results: list[Result]) -> str:
    best = min(result.cpu_us for result in results)
    lines = [
        "| server | processes | requests/s | CPU µs/request | ratio | largest RSS MiB | errors |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.name} | {r.processes} | {r.rate:.0f} | {r.cpu_us:.0f} "
        f"| {r.cpu_us / best:.2f} | {r.rss_mib:.0f} | {r.errors} |"
        for r in sorted(results, key=lambda r: (r.processes, r.cpu_us))
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(CANDIDATES), metavar="NAME")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=8, help="per process, where the server has them")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--targets", default="bare,api,joined", help="comma separated")
    args = parser.parse_args()
    for target in args.targets.split(","):
        results = []
        for name in args.names:
            for processes in (1, 2):
                rounds = [measure(name, target, processes, args.threads, args.seconds) for _ in range(args.rounds)]
                results.append(min(rounds, key=lambda r: r.cpu_us))
        print(f"\n### {target}\n\n{table(results)}", flush=True)


if __name__ == "__main__":
    main()
