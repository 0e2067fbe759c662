"""The traffic of late by the hour, as the table of messages has it: for when Redis has lost its counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, extract, func, select
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models import SmsMessage
from models.database import Database
from services.clock import Clock
from services.traffic import HOUR, BusyHour
from sms.gateway import Outcome

HOUR_OF_SENDING = tuple(extract(part, SmsMessage.sent_at) for part in ("year", "month", "day", "hour"))


class TrafficHistory:
    """Reads the table; a verified message counts in the hour in which it was sent."""

    def __init__(self, database: Database, clock: Clock, log: FilteringBoundLogger) -> None:
        self._database = database
        self._clock = clock
        self._log = log

    def read(self, days: int) -> Sequence[BusyHour] | None:
        """The hours of the last ``days`` days in which something was sent; None, and a line in the log, when it can't be read."""
        query = (
            select(
                *HOUR_OF_SENDING,
                func.count().label("sent"),
                func.sum(case((SmsMessage.verified_at.is_not(None), 1), else_=0)).label("verified"),
            )
            .where(
                SmsMessage.sent_at >= self._clock() - timedelta(days=days),
                SmsMessage.outcome != Outcome.NOT_SENT.value,
            )
            .group_by(*HOUR_OF_SENDING)
        )
        try:
            with self._database.connection() as connection:
                return [_busy_hour(row) for row in connection.execute(query)]
        except SQLAlchemyError as error:
            self._log.error("traffic_unread", error=type(error).__name__)
            return None


def _busy_hour(row: Any) -> BusyHour:
    year, month, day, hour, sent, verified = (int(number) for number in row)
    return BusyHour(int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) // HOUR, sent, verified)
