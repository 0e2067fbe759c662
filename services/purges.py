"""Deleting old rows, a few at a time so that nobody waits for it: the one way for all tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from models.database import Database
from services.ids import first_id

BATCH = 1000


def purge(database: Database, model: Any, before: datetime, *conditions: ColumnElement[bool]) -> int:
    """Delete rows made before ``before`` that meet the conditions; says how many.

    Ids are in the order of time, so the primary key leads from each batch to the next, and no row is looked at twice.
    """
    deleted, last = 0, ""
    while ids := _batch(database, model, last, first_id(before), conditions):
        with database.connection() as connection:
            deleted += connection.execute(delete(model).where(model.id.in_(ids))).rowcount
        last = ids[-1]
    return deleted


def _batch(
    database: Database, model: Any, last: str, end: str, conditions: tuple[ColumnElement[bool], ...]
) -> list[str]:
    query = select(model.id).where(model.id > last, model.id < end, *conditions).order_by(model.id).limit(BATCH)
    with database.connection() as connection:
        return list(connection.scalars(query))
