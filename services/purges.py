"""Deleting old rows, a few at a time so that nobody waits for it: the one way for all tables."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from models.database import Database
from services.ids import first_id

BATCH = 1000
# What is left then waits for the next period.
RUN_SECONDS = 1800


def purge(database: Database, model: Any, before: datetime, *conditions: ColumnElement[bool]) -> int:
    """Delete rows made before ``before`` that meet the conditions; says how many.

    Ids are in the order of time, so the primary key leads from each batch to the next. A batch is ``BATCH`` rows of that
    order, whether they go or stay: however many of them stay, no statement looks at more.
    """
    last, end = "", first_id(before)

    def delete_batch() -> int | None:
        nonlocal last
        with database.connection() as connection:
            after, last = last, connection.scalar(_last_of_batch(model, last, end))
            if last is None:
                return None
            batch = delete(model).where(model.id > after, model.id <= last, *conditions)
            return int(connection.execute(batch).rowcount)

    return in_batches(delete_batch)


def in_batches(delete_batch: Callable[[], int | None]) -> int:
    """Call until it says None, or for ``RUN_SECONDS``; says how many rows that were.

    It rests after each call for as long as that took: half of the time belongs to others, and more where they are busy.
    """
    deleted, ends = 0, time.monotonic() + RUN_SECONDS
    while (began := time.monotonic()) < ends and (count := delete_batch()) is not None:
        deleted += count
        time.sleep(time.monotonic() - began)
    return deleted


def _last_of_batch(model: Any, after: str, end: str) -> Any:
    """The greatest id of the next batch, NULL where there is none."""
    batch = select(model.id).where(model.id > after, model.id < end).order_by(model.id).limit(BATCH).subquery()
    return select(func.max(batch.c.id))
