"""How PostgreSQL goes about the statements of the hot paths: by indexes, or through a whole table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from bench.growth.house import House
from bench.growth.rooms import TABLES


def scans(house: House, act: Callable[[], object]) -> list[str]:
    """Every statement of ``act`` that reads a whole table, or a whole index of it, of those that grow, and that table's name."""
    with _noted(house) as statements:
        act()
    found = []
    with house.connect() as connection:
        for statement, parameters in statements.items():
            if statement.startswith(("BEGIN", "COMMIT")):
                continue
            (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchone()[0]
            found += [
                f"{node['Relation Name']}: {' '.join(statement.split())}"
                for node in _nodes(plan["Plan"])
                if _is_scan(node)
            ]
    return found


@contextmanager
def _noted(house: House) -> Iterator[dict[str, Any]]:
    """The statements with some of their parameters."""
    statements: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements[statement] = parameters

    engine = house.wired.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _is_scan(node: dict[str, Any]) -> bool:
    kind = node["Node Type"]
    if node.get("Relation Name") not in TABLES:
        return False
    return kind == "Seq Scan" or (kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node)
