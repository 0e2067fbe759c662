"""Query plans: whether a statement finds its rows by an index, however many there are."""

import re
from typing import Any

from sqlalchemy import Engine

# "SCAN" is a whole table, or a whole index of it; "SEARCH" finds rows (https://www.sqlite.org/eqp.html).
SCAN = re.compile(r"SCAN (\w+)(?! ROW)")


def whole_tables_read(engine: Engine, statements: dict[str, Any], tables: list[Any]) -> list[str]:
    """Each statement, with its parameters, for which SQLite reads through one of ``tables``; other databases are not asked."""
    if engine.dialect.name != "sqlite":
        return []
    names, found = {table.name for table in tables}, []
    with engine.connect() as connection:
        for statement, parameters in statements.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [statement for row in plan if (scan := SCAN.match(row.detail)) and scan[1] in names]
    return found
