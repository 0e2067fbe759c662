"""Runs of wrk, and what they and the CPU clocks say."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from bench.stage import Stage

LUA = Path(__file__).parent / "lua"


@dataclass(frozen=True)
class Run:
    """One run: times in seconds, ``cpu`` in seconds by process tree."""

    requests: int
    duration: float
    p50: float
    p99: float
    failed: int
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.duration

    def cpu_per_thousand(self, *names: str) -> float:
        """CPU seconds that these trees used for 1,000 requests."""
        return sum(self.cpu[name] for name in names) / max(self.requests, 1) * 1000


def load(stage: Stage, url: str, script: str, connections: int, seconds: int, *arguments: object) -> Run:
    """Run wrk once; scripts that follow one session a connection have a thread for each."""
    threads = connections if script == "refresh.lua" else 1
    with NamedTemporaryFile("w", suffix=".lua") as whole:
        whole.writelines((LUA / part).read_text("ascii") for part in (script, "done.lua"))
        whole.flush()
        options = [f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", whole.name]
        before = stage.cpu()
        said = _run(["wrk", *options, url, "--", *map(str, arguments)], seconds + 30)
        after = stage.cpu()
    found = json.loads(said.splitlines()[-1])
    return Run(
        requests=found["requests"],
        duration=found["duration"] / 1e6,
        p50=found["p50"] / 1e6,
        p99=found["p99"] / 1e6,
        failed=found["failed"],
        cpu={name: after[name] - before[name] for name in after},
    )


def _run(command: list[str], limit: float) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=limit).stdout
