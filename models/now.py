"""The database's own time: one clock for what several nodes compare."""

from datetime import datetime
from typing import Any

from sqlalchemy import FunctionElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from models.base import UtcDateTime


class Now(FunctionElement[datetime]):
    """When its statement runs, in UTC."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(Now)
def _on_mysql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    return "utc_timestamp(6)"


@compiles(Now, "postgresql")
def _on_postgresql(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    return "clock_timestamp()"


@compiles(Now, "sqlite")
def _on_sqlite(element: Now, compiler: SQLCompiler, **options: Any) -> str:
    # It knows milliseconds; as text, times are compared to the microsecond.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
