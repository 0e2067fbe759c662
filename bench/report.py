"""Tables of what was measured: medians, and how far the rounds lay apart."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from bench.hashing import Loops
from bench.load import Run

TREES = ("server", "redis", "postgresql")


def measured_table(runs: dict[str, list[Run]]) -> str:
    """A line for each route."""
    head = "| route | requests/s | spread | p50 ms | p99 ms | failed | CPU s/1,000: server | Redis | PostgreSQL |"
    return "\n".join([head, "| --- " + "| ---: " * 8 + "|", *(_line(name, found) for name, found in runs.items())])


def ratio_table(rows: Iterable[tuple[str, str, Sequence[float], str, bool]]) -> str:
    """Lines of what is compared, with what, the ratio of each round, the goal, and whether the figure is void."""
    lines = ["| route | beside | ratio | rounds | goal |", "| --- | --- | ---: | --- | ---: |"]
    for name, beside, ratios, goal, is_void in rows:
        rounds = " ".join(f"{ratio:.2f}" for ratio in ratios)
        shown = "void" if is_void else f"{median(ratios):.2f}"
        lines.append(f"| {name} | {beside} | {shown} | {rounds} | {goal} |")
    return "\n".join(lines)


def loops_table(loops: dict[str, list[Loops]]) -> str:
    """A line for each act of argon2 alone."""
    lines = ["| argon2 alone | per second | spread | CPU s/1,000 |", "| --- | ---: | ---: | ---: |"]
    for act, found in loops.items():
        rates, cpu = [loop.rate for loop in found], median(loop.cpu for loop in found)
        lines.append(f"| {act} | {median(rates):.1f} | {spread(rates)} | {cpu * 1000:.2f} |")
    return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    """The lowest and the highest."""
    return f"{min(values):.0f}-{max(values):.0f}"


def _line(name: str, runs: list[Run]) -> str:
    def middle(read: Callable[[Run], float]) -> float:
        return median(read(run) for run in runs)

    rates, failed = [run.rate for run in runs], sum(run.failed for run in runs)
    server = ("empty",) if name == "empty" else ("server",)
    cpu = [middle(lambda run, trees=trees: run.cpu_per_thousand(*trees)) for trees in (server, ("redis",), TREES[2:])]  # type: ignore[misc]
    cells = [
        f"{middle(lambda run: run.rate):.0f}" if not failed else "void",
        spread(rates),
        f"{middle(lambda run: run.p50 * 1000):.1f}",
        f"{middle(lambda run: run.p99 * 1000):.1f}",
        f"{failed}",
        *(f"{value:.3f}" for value in cpu),
    ]
    return f"| {name} | {' | '.join(cells)} |"
