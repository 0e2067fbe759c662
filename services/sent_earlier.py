"""What was sent to a phone of late, as the table of messages has it."""

import threading
from concurrent.futures import Future
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
PATIENCE_SECONDS = 0.5
PURPOSES = ("register", "login", "reset_password", "change_phone", "confirm")
Sent = list[tuple[str, int]]


class SentEarlier:
    """Reads the table, and is waited for no longer than ``patience`` seconds; where the database is away too, sending goes on."""

    def __init__(
        self, database: Database, clock: Clock, log: FilteringBoundLogger, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._patience = patience
        self._circuit = Circuit()

    def read(self, phone_name: str) -> Sent:
        """Codes sent to a phone (its pseudonym) within a day: (id, age in milliseconds)."""
        try:
            self._circuit.enter()
        except CircuitOpen:
            return []
        answer: Future[Sent] = Future()
        try:
            # A daemon, and not of an executor, whose threads would hold up the end of the process.
            threading.Thread(target=self._read, args=(phone_name, answer), daemon=True).start()
            sent = answer.result(timeout=self._patience)
        except (SQLAlchemyError, TimeoutError, RuntimeError) as error:
            self._circuit.leave(failed=True, slow=True)
            self._log.error("sends_unread", error=type(error).__name__)
            return []
        self._circuit.leave(failed=False)
        return sent

    def _read(self, phone_name: str, answer: "Future[Sent]") -> None:
        try:
            sent = self._sent(phone_name)
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(sent)

    def _sent(self, phone_name: str) -> Sent:
        now = self._clock()
        query = (
            select(SmsMessage.id, SmsMessage.sent_at)
            .where(
                SmsMessage.phone_name == phone_name,
                SmsMessage.sent_at > now - timedelta(days=1),
                SmsMessage.outcome != Outcome.NOT_SENT.value,
                SmsMessage.purpose.in_(PURPOSES),
            )
            .order_by(SmsMessage.sent_at.desc())
            .limit(MOST)
        )
        with self._database.connection() as connection:
            return [(row.id, int((now - row.sent_at).total_seconds() * 1000)) for row in connection.execute(query)]
