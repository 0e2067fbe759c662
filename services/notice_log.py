"""What became of notices, for whoever runs the site: which were not sent, try them again, delete the old ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from models import Notice
from models.database import Database
from services.clock import Clock
from services.notices import Notices
from services.purges import purge


@dataclass(frozen=True)
class NoticeView:
    """A notice without its contents. ``due_at`` is its next try; None once it is sent or given up."""

    id: str
    user_id: str | None
    channel: str
    kind: str
    recipient_masked: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class Owed:
    """How many notices of a channel are still to be sent, and for how long the oldest waits."""

    channel: str
    count: int
    age_seconds: float


SHOWN = [getattr(Notice, name) for name in NoticeView.__dataclass_fields__]


class NoticeLog:
    """Rows of ``notices``."""

    def __init__(self, database: Database, notices: Notices, clock: Clock) -> None:
        self._database = database
        self._notices = notices
        self._clock = clock

    def list(self, sent_too: bool, limit: int) -> Sequence[NoticeView]:
        """Those that were not sent, or all, the newest first."""
        query = select(*SHOWN).order_by(Notice.id.desc()).limit(limit)
        if not sent_too:
            query = query.where(Notice.sent_at.is_(None))
        with self._database.connection() as connection:
            return [NoticeView(**row._mapping) for row in connection.execute(query)]

    def owed(self) -> Sequence[Owed]:
        """What is neither sent nor given up, by channel."""
        query = select(Notice.channel, func.count(), func.min(Notice.created_at)).where(Notice.due_at.is_not(None))
        with self._database.connection() as connection:
            rows = connection.execute(query.group_by(Notice.channel)).all()
        now = self._clock()
        return [Owed(channel, count, (now - oldest).total_seconds()) for channel, count, oldest in rows]

    def retry(self, notice_id: str | None = None) -> tuple[int, int]:
        """Try one that failed, or all of them, anew and now; says how many, and how many notices were sent by it."""
        failed = update(Notice).where(Notice.sent_at.is_(None), Notice.error.is_not(None))
        if notice_id:
            failed = failed.where(Notice.id == notice_id)
        with self._database.connection() as connection:
            asked = connection.execute(failed.values(due_at=self._clock(), attempts=0)).rowcount
        return asked, self._notices.send_due() if asked else 0

    def purge(self, keep: timedelta) -> int:
        """Delete what is older than ``keep``, sent or not; says how many rows."""
        before = self._clock() - keep
        return purge(self._database, Notice, before, Notice.created_at < before)
