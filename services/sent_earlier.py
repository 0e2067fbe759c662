"""What was sent to a phone before Redis lost it, as the table of messages has it."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models import SmsMessage
from models.database import Database
from services.circuit import Circuit, CircuitOpen
from services.clock import Clock
from sms.gateway import Outcome

MOST = 100
PURPOSES = ("register", "login", "reset_password", "change_phone", "confirm")


class SentEarlier:
    """Reads the table; where the database is away too, sending goes on with what Redis knows."""

    def __init__(self, database: Database, clock: Clock, log: FilteringBoundLogger) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._circuit = Circuit()

    def read(self, phone_name: str, longer_ago_ms: int) -> list[tuple[str, int]]:
        """Codes sent to a phone (its pseudonym) within a day, and longer ago than so many milliseconds: (id, age in milliseconds)."""
        try:
            self._circuit.enter()
        except CircuitOpen:
            return []
        try:
            sent = self._read(phone_name, longer_ago_ms)
        except SQLAlchemyError as error:
            self._circuit.leave(failed=True, slow=True)
            self._log.error("sends_unread", error=type(error).__name__)
            return []
        self._circuit.leave(failed=False)
        return sent

    def _read(self, phone_name: str, longer_ago_ms: int) -> list[tuple[str, int]]:
        now = self._clock()
        query = (
            select(SmsMessage.id, SmsMessage.sent_at)
            .where(
                SmsMessage.phone_name == phone_name,
                SmsMessage.sent_at > now - timedelta(days=1),
                SmsMessage.sent_at < now - timedelta(milliseconds=longer_ago_ms),
                SmsMessage.outcome != Outcome.NOT_SENT.value,
                SmsMessage.purpose.in_(PURPOSES),
            )
            .order_by(SmsMessage.sent_at.desc())
            .limit(MOST)
        )
        with self._database.connection() as connection:
            return [(row.id, int((now - row.sent_at).total_seconds() * 1000)) for row in connection.execute(query)]
