"""Limits counted in the database: slower than their storage, and there when it is not."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from models import LimitHit
from models.database import Database
from services.clock import Clock
from services.purges import BATCH, in_batches

REMEMBERED = 10_000
KEPT = timedelta(hours=1)
# More than the clocks of two nodes may be apart: a window that was just made is over for all who count in it.
LONG_OVER = timedelta(minutes=1)
IS_OVER = LimitHit.ends_at <= bindparam("now", type_=LimitHit.ends_at.type)
COUNT = (
    update(LimitHit)
    .where(LimitHit.name == bindparam("window"))
    .ordered_values(  # MySQL assigns from left to right, and sees what it has assigned
        (LimitHit.hits, case((IS_OVER, 1), else_=LimitHit.hits + 1)),
        (LimitHit.ends_at, case((IS_OVER, bindparam("end", type_=LimitHit.ends_at.type)), else_=LimitHit.ends_at)),
    )
)


@dataclass(frozen=True)
class Window:
    """``limit`` hits in ``seconds``, from the first of them on; ``name`` says of which limit and whose."""

    name: str
    limit: int
    seconds: int


class LimitHits:
    """One row a window, shared by all processes and nodes. What is known to be full is refused without asking the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._full: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def hit(self, windows: Sequence[Window]) -> float | None:
        """Count one hit in each window, up to the first that is full; the seconds that one lasts, or None."""
        now = self._clock()
        for window in windows:
            if (end := self._full.get(window.name)) and end > now:
                return min((end - now).total_seconds(), window.seconds)
        self._make_rows(windows, now)
        with self._database.transaction() as connection:
            for window in windows:
                hits, end = self._count(connection, window, now)
                if hits > window.limit:
                    self._remember(window.name, end, now)
                    return min((end - now).total_seconds(), window.seconds)
        return None

    def clear(self, names: Collection[str]) -> None:
        """Forget what was counted."""
        with self._database.connection() as connection:
            connection.execute(delete(LimitHit).where(LimitHit.name.in_(names)))
        for name in names:
            self._full.pop(name, None)

    def purge(self) -> int:
        """Delete the windows that are over; says how many."""
        over = LimitHit.ends_at <= self._clock() - KEPT
        return in_batches(lambda: self._delete_batch(over))

    def _delete_batch(self, over: ColumnElement[bool]) -> int | None:
        """How many of the next were still over when they were deleted; None where there are no more."""
        with self._database.connection() as connection:
            names = list(connection.scalars(select(LimitHit.name).where(over).order_by(LimitHit.ends_at).limit(BATCH)))
            if not names:
                return None
            return connection.execute(delete(LimitHit).where(LimitHit.name.in_(names), over)).rowcount

    def _make_rows(self, windows: Sequence[Window], now: datetime) -> None:
        """Windows that are over already, each by a statement of its own: of two that come together, one finds it there."""
        names = {window.name for window in windows}
        with self._database.connection() as connection:
            known = set(connection.scalars(select(LimitHit.name).where(LimitHit.name.in_(names))))
            for name in sorted(names - known):
                try:
                    connection.execute(insert(LimitHit), {"name": name, "hits": 0, "ends_at": now - LONG_OVER})
                except IntegrityError:
                    continue

    def _count(self, connection: Connection, window: Window, now: datetime) -> tuple[int, datetime]:
        """Hits in the window with this one, and its end; the row is ours until the transaction ends."""
        end = now + timedelta(seconds=window.seconds)
        if not connection.execute(COUNT, {"window": window.name, "now": now, "end": end}).rowcount:
            # A purge took it in between.
            connection.execute(insert(LimitHit), {"name": window.name, "hits": 1, "ends_at": end})
        row = connection.execute(select(LimitHit.hits, LimitHit.ends_at).where(LimitHit.name == window.name)).one()
        return row.hits, row.ends_at

    def _remember(self, name: str, end: datetime, now: datetime) -> None:
        with self._lock:
            if len(self._full) >= REMEMBERED:
                self._full = {name: end for name, end in self._full.items() if end > now}
            if len(self._full) < REMEMBERED:
                self._full[name] = end
