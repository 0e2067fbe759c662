"""Tables of what waiting for a gateway costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.callers import Answer
from bench.load import Run
from bench.sends import Sends, times


@dataclass(frozen=True)
class Beside:
    """``GET /v1/me`` beside sends; how many of them were in the gateway at the end, and how many cores were idle."""

    run: Run
    sends: Sends
    waiting: int
    idle: float

    @property
    def is_void(self) -> bool:
        """Whether something failed, so that the figures say nothing."""
        return bool(self.run.failed or self.sends.strange)


READS: dict[str, Callable[[Run], float]] = {"p50": lambda run: run.p50, "p99": lambda run: run.p99}


def sends_table(rows: dict[str, Sends], ceiling: float) -> str:
    """A line for each way of sending, beside the messages per second that the places can take."""
    lines = [
        "| gateway | messages/s | of the ceiling | 202 | p50 ms | p99 ms | 503 `sms_unavailable` | p50 ms | p99 ms | other |",
        "| --- " + "| ---: " * 9 + "|",
    ]
    for name, sends in rows.items():
        cells = [
            f"{sends.rate:.1f} | {sends.rate / ceiling:.2f}",
            f"{len(sends.sent)} | {_times(sends.sent)}",
            f"{len(sends.refused)} | {_times(sends.refused)}",
            f"{sends.strange}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def beside_table(found: dict[str, list[Beside]]) -> str:
    """A line for each thing that went on beside ``GET /v1/me``, medians of the rounds."""
    lines = [
        "| beside | me/s | p50 ms | p99 ms | failed | server's cores | idle cores | messages/s | refused/s | waiting at the end |",
        "| --- " + "| ---: " * 9 + "|",
    ]
    for name, rounds in found.items():
        cells = [
            f"{median(beside.run.rate for beside in rounds):.0f}",
            _milliseconds(*(median(read(beside.run) for beside in rounds) for read in READS.values())),
            f"{sum(beside.run.failed for beside in rounds)}",
            f"{median(beside.run.cpu['server'] / beside.run.duration for beside in rounds):.2f}",
            f"{median(beside.idle for beside in rounds):.2f}",
            f"{median(beside.sends.rate for beside in rounds):.1f}",
            f"{median(len(beside.sends.refused) / beside.sends.seconds for beside in rounds):.1f}",
            " ".join(str(beside.waiting) for beside in rounds),
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def comparison_table(found: dict[str, list[Beside]], pairs: Sequence[tuple[str, str]]) -> str:
    """The latency of ``GET /v1/me`` beside one thing over that beside another, round by round."""
    lines = ["| `GET /v1/me` beside | over beside | of | ratio | rounds |", "| --- | --- | --- | ---: | --- |"]
    for (one, other), (name, read) in ((pair, item) for pair in pairs for item in READS.items()):
        together = zip(found[one], found[other], strict=True)
        ratios = [read(left.run) / read(right.run) for left, right in together]
        rounds = " ".join(f"{ratio:.2f}" for ratio in ratios)
        void = any(beside.is_void for beside in found[one] + found[other])
        shown = "void" if void else f"{median(ratios):.2f}"
        lines.append(f"| {one} | {other} | {name} | {shown} | {rounds} |")
    return "\n".join(lines)


def _times(answers: Sequence[Answer]) -> str:
    return _milliseconds(*times(answers)) if answers else " | "


def _milliseconds(*seconds: float) -> str:
    return " | ".join(f"{value * 1000:.1f}" for value in seconds)
