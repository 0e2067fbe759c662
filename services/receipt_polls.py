"""Asking vendors for receipts, where they can't or shall not call us."""

from typing import Protocol

from structlog.typing import FilteringBoundLogger

from services.message_log import MessageLog
from services.pending_receipts import PendingReceipts
from sms.gateway import Delivery, Gateway, Message, Outcome
from sms.receipts import Receipt, ReceiptQuery, ReceiptQueue, Report

PAGES = 20
QUESTIONS = 100
FAULTS = 5


class ReceiptPoll(Protocol):
    """A job for one vendor; safe to run twice at once."""

    @property
    def gateway(self) -> str:
        """The gateway whose receipts it asks for."""

    def run(self) -> int:
        """Ask; says how many messages of ours have a receipt now."""


class QueuePoll:
    """Empties a vendor's queue, page by page: the vendor hands out each receipt once, however many ask.

    Nothing is pulled while the database is away; a page that can't be written all the same is held until it can.
    """

    def __init__(self, queue: ReceiptQueue, messages: MessageLog, log: FilteringBoundLogger) -> None:
        self.gateway = queue.name
        self._queue = queue
        self._messages = messages
        self._log = log
        self._held: tuple[Receipt, ...] = ()

    def run(self) -> int:
        """Pull what waits, up to 20 pages."""
        known = self._keep()
        for _ in range(PAGES):
            self._messages.check()
            report = self._queue.pull()
            tell_fault(self._log, self.gateway, report)
            self._held = report.receipts
            known += self._keep()
            if not report.more:
                break
        return known

    def _keep(self) -> int:
        known = self._messages.receive(self.gateway, self._held)
        self._held = ()
        return known


class QueryPoll:
    """Asks for each message that is due, up to 100; whoever claims one asks for it, and nobody else."""

    def __init__(
        self, query: ReceiptQuery, pending: PendingReceipts, messages: MessageLog, log: FilteringBoundLogger
    ) -> None:
        self.gateway = query.name
        self._query = query
        self._pending = pending
        self._messages = messages
        self._log = log

    def run(self) -> int:
        """Ask until nothing is due, or the vendor fails, also for one message after the other: then the others stay due."""
        known = faults = 0
        for _ in range(QUESTIONS):
            due = self._pending.claim()
            if due is None:
                break
            report = self._query.ask(due.phone, due.message_id, due.sent_at)
            if report.receipts:
                known += self._messages.receive(self.gateway, report.receipts)
                self._pending.done(due)
            faults += tell_fault(self._log, self.gateway, report)
            if faults == FAULTS or (report.fault and not report.of_message):
                break
        return known


class NotingGateway:
    """A gateway whose sent messages are noted, to be asked for later."""

    def __init__(self, gateway: Gateway, pending: PendingReceipts, log: FilteringBoundLogger) -> None:
        self.name = gateway.name
        self._gateway = gateway
        self._pending = pending
        self._log = log

    def send(self, message: Message) -> Delivery:
        """Hand the message over. What can't be noted has been sent all the same."""
        delivery = self._gateway.send(message)
        if delivery.outcome is Outcome.SENT and delivery.message_id:
            try:
                self._pending.note(message.to, delivery.message_id)
            except Exception as error:
                self._log.warning("receipt_unnoted", gateway=self.name, error=type(error).__name__)
        return delivery


def tell_fault(log: FilteringBoundLogger, gateway: str, report: Report) -> bool:
    """Whether the vendor failed; a line in the log says how."""
    if report.fault:
        log.warning("receipts_unread", gateway=gateway, fault=report.fault)
    return bool(report.fault)
