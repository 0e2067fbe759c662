"""Deleting or counting rows, a few at a time so that nobody waits for it: the one way for all tables."""

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
    return _walk(
        database,
        model,
        before,
        lambda connection, *batch: connection.execute(delete(model).where(*batch, *conditions)).rowcount,
    )


def count(database: Database, model: Any, before: datetime, *conditions: ColumnElement[bool]) -> int:
    """How many of the rows made before ``before`` meet the conditions; looks at them as ``purge`` does."""
    of_batch = select(func.count()).select_from(model)
    return _walk(
        database, model, before, lambda connection, *batch: connection.scalar(of_batch.where(*batch, *conditions))
    )


def _walk(database: Database, model: Any, before: datetime, act: Callable[..., Any]) -> int:
    """Call ``act`` with a connection and the conditions of each batch; says how many rows that were."""
    last, end = "", first_id(before)

    def act_on_batch() -> int | None:
        nonlocal last
        with database.connection() as connection:
            after, last = last, connection.scalar(_last_of_batch(model, last, end))
            if last is None:
                return None
            return int(act(connection, model.id > after, model.id <= last))

    return in_batches(act_on_batch)


def in_batches(act_on_batch: Callable[[], int | None]) -> int:
    """Call until it says None, or for ``RUN_SECONDS``; says how many rows that were.

    It rests after each call for as long as that took: half of the time belongs to others, and more where they are busy.
    """
    total, ends = 0, time.monotonic() + RUN_SECONDS
    while (began := time.monotonic()) < ends and (rows := act_on_batch()) is not None:
        total += rows
        time.sleep(time.monotonic() - began)
    return total


def _last_of_batch(model: Any, after: str, end: str) -> Any:
    """The greatest id of the next batch, NULL where there is none."""
    batch = select(model.id).where(model.id > after, model.id < end).order_by(model.id).limit(BATCH).subquery()
    return select(func.max(batch.c.id))
