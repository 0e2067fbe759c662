"""The tables of what was found."""

from collections.abc import Sequence
from statistics import median

from bench.growth.house import Cost
from bench.growth.rooms import Rows

GOAL = 1.15
Costs = dict[tuple[str, int], list[Cost]]


def cost_table(costs: Costs, sizes: Sequence[int]) -> str:
    """A line for each path: its cost where there are fewest, and how many times that it is elsewhere."""
    first, *others = sizes
    heads = [f"{size:,}: CPU, PostgreSQL's, wait" for size in others]
    lines = [_cells("path", f"CPU ms at {first:,}: app, PostgreSQL, Redis", *heads), "|" + " --- |" * (2 + len(others))]
    for path in dict.fromkeys(path for path, _ in costs):
        few = costs[path, first]
        lines.append(_cells(path, _parts(few), *(_ratios(few, costs[path, size]) for size in others)))
    return "\n".join(lines)


def too_much(costs: Costs, sizes: Sequence[int]) -> list[str]:
    """The paths that grow beyond the goal."""
    first, *others = sizes
    found = [(path, size) for path, size in costs if size in others]
    return [
        f"{path} at {size:,}" for path, size in found if _ratio(costs[path, first], costs[path, size], "cpu") > GOAL
    ]


def redis_table(found: dict[str, float]) -> str:
    """Bytes of each thing."""
    lines = ["| in Redis | bytes |", "| --- | ---: |"]
    return "\n".join(lines + [f"| {name} | {round(size):,} |" for name, size in found.items()])


def rows_table(found: Sequence[Rows]) -> str:
    """Bytes of a row of each table."""
    lines = ["| table | rows | bytes of a row | of its indexes |", "| --- | ---: | ---: | ---: |"]
    return "\n".join(
        lines + [f"| {rows.table} | {rows.count:,} | {rows.heap:.0f} | {rows.indexes:.0f} |" for rows in found]
    )


def wal_table(found: dict[str, float]) -> str:
    """Bytes of log for a request."""
    lines = ["| request | bytes of PostgreSQL's log |", "| --- | ---: |"]
    return "\n".join(lines + [f"| {name} | {size:,.0f} |" for name, size in found.items()])


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _parts(costs: Sequence[Cost]) -> str:
    return ", ".join(f"{median(getattr(cost, part) for cost in costs) * 1000:.2f}" for part in ("app", "sql", "redis"))


def _ratios(few: Sequence[Cost], many: Sequence[Cost]) -> str:
    return ", ".join(f"{_ratio(few, many, part):.2f}" for part in ("cpu", "sql", "wait"))


def _ratio(few: Sequence[Cost], many: Sequence[Cost], part: str) -> float:
    """The median of the rounds' ratios; 1 where there is nothing to compare."""
    pairs = [(getattr(small, part), getattr(large, part)) for small, large in zip(few, many, strict=True)]
    found = [large / small for small, large in pairs if small]
    return median(found) if found else 1.0
