"""The truth about every message: what was tried, what the vendor's receipt says, whether the code was typed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, and_, bindparam, case, delete, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from models import SmsMessage
from models.database import Database
from models.deadlines import within
from services.background import Background
from services.clock import Clock
from services.ids import new_id
from services.keyring import Keyring
from services.phones import mask_phone, region_of
from services.purges import purge
from sms.gateway import Delivery, Message, Outcome, Reason

WRITE_SECONDS = 0.5
LATER_SECONDS = 2
NO_GATEWAY = "none"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

VERIFIED = (
    update(SmsMessage)
    .where(
        SmsMessage.sms_id == bindparam("challenge"),
        SmsMessage.outcome != Outcome.NOT_SENT.value,
        SmsMessage.verified_at.is_(None),
    )
    .values(verified_at=bindparam("now"))
)
SENT_BY = (SmsMessage.gateway, SmsMessage.sent_at)
RECEIVED = (
    update(SmsMessage)
    .where(
        SmsMessage.gateway == bindparam("vendor"),
        SmsMessage.vendor_message_id == bindparam("message"),
        or_(
            SmsMessage.receipt_at.is_(None),
            SmsMessage.receipt_at < bindparam("reported", type_=SmsMessage.receipt_at.type),
        ),
    )
    .values(receipt=bindparam("state"), receipt_code=bindparam("detail"), receipt_at=bindparam("at"))
)
# What we refused ourselves: for a budget, a breaker, and a vendor's limit of a number in the words of no vendor.
OUR_OWN = (Reason.BUDGET, Reason.LEFT_ALONE, Reason.BUSY, Reason.COOLDOWN, Reason.HOURLY_LIMIT, Reason.DAILY_LIMIT)
UNASKED = and_(
    SmsMessage.reason.is_not(None),
    SmsMessage.reason.in_([reason.value for reason in OUR_OWN]),
    SmsMessage.vendor_code.is_(None),
)


class Receipt(Protocol):
    """What a vendor reports of one message; of several reports the latest holds."""

    @property
    def message_id(self) -> str:
        """The vendor's name of the message."""

    @property
    def delivered(self) -> bool:
        """Whether it arrived."""

    @property
    def code(self) -> str | None:
        """The vendor's word for how it went."""

    @property
    def at(self) -> datetime | None:
        """When, if the vendor says so."""


class MessageLog:
    """Rows of ``sms_messages``. Writing one never fails a request, nor holds it up for long.

    A row that can't be written now is tried once more a little later; then it is a line in the log.
    """

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, log: FilteringBoundLogger) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._log = log
        self._later = Background("messages", log, pause_seconds=LATER_SECONDS)

    def record(self, gateway: str, message: Message, delivery: Delivery) -> None:
        """Keep one try. Of those of a message one at most may have sent it: that has the id which the message is counted by."""
        counted = delivery.outcome is not Outcome.NOT_SENT and message.counted_as
        row = {
            "id": counted or new_id(),
            "sms_id": message.id,
            "phone_name": self._keyring.pseudonym(message.to),
            "phone_masked": mask_phone(message.to),
            "region": region_of(message.to),
            "purpose": message.purpose,
            "language": message.language,
            "gateway": gateway,
            "outcome": delivery.outcome.value,
            "reason": delivery.reason and delivery.reason.value,
            "vendor_message_id": delivery.message_id,
            "vendor_code": delivery.vendor_code,
            "vendor_request_id": delivery.request_id,
            "request_id": message.request_id or None,
            "sent_at": self._clock(),
        }
        self._write(insert(SmsMessage), row)

    def verified(self, sms_id: str) -> None:
        """The shopper typed the code of this challenge; it is the last gateway's that sent it, where the database says which."""
        knows = self._database.engine.dialect.update_returning
        values = {"challenge": sms_id, "now": self._clock()}
        messages = self._write(VERIFIED.returning(*SENT_BY) if knows else VERIFIED, values)
        last = max(messages, key=lambda message: message.sent_at, default=None)
        self._log.debug("message_verified", gateway=last.gateway if last else NO_GATEWAY)

    def receive(self, gateway: str, receipts: Iterable[Receipt]) -> int:
        """Add a vendor's receipts to the messages that we know; says how many those are.

        One query tells which are ours, so that a flood of others costs no more than that. They are written in the order of
        their ids, so that the same receipts twice at once can't wait for each other.
        """
        by_id = {receipt.message_id: receipt for receipt in sorted(receipts, key=_reported)}
        if not by_id:
            return 0
        known = select(SmsMessage.vendor_message_id).where(
            SmsMessage.gateway == gateway, SmsMessage.vendor_message_id.in_(list(by_id))
        )
        with self._database.connection() as connection:
            ours = sorted(by_id.keys() & set(connection.scalars(known)))
            if ours:
                connection.execute(RECEIVED, [self._receipt_values(gateway, by_id[message_id]) for message_id in ours])
        for message_id in ours:
            self._log.debug("receipt_kept", gateway=gateway, state=_state(by_id[message_id]))
        return len(ours)

    def check(self) -> None:
        """Raise unless the table can be read now."""
        with self._database.connection() as connection:
            connection.execute(select(SmsMessage.id).limit(1))

    def trace(self, phone: str, within: timedelta, most: int | None = None) -> list[Any]:
        """The tries for a phone (E.164) of late, the newest first, and no more than ``most``."""
        query = (
            select(SmsMessage.__table__)
            .where(
                SmsMessage.phone_name == self._keyring.pseudonym(phone), SmsMessage.sent_at >= self._clock() - within
            )
            .order_by(SmsMessage.sent_at.desc(), SmsMessage.id.desc())
            .limit(most)
        )
        with self._database.connection() as connection:
            return list(connection.execute(query))

    def stats(self, within: timedelta) -> list[Any]:
        """Of late: tried, unasked, sent, delivered and verified messages by gateway and region; what is unasked was not tried."""
        query = (
            select(
                SmsMessage.gateway,
                SmsMessage.region,
                _count(not_(UNASKED)).label("tried"),
                _count(UNASKED).label("unasked"),
                _count(SmsMessage.outcome != Outcome.NOT_SENT.value).label("sent"),
                _count(SmsMessage.receipt == "delivered").label("delivered"),
                _count(SmsMessage.verified_at.is_not(None)).label("verified"),
            )
            .where(SmsMessage.sent_at >= self._clock() - within)
            .group_by(SmsMessage.gateway, SmsMessage.region)
            .order_by(SmsMessage.gateway, SmsMessage.region)
        )
        with self._database.connection() as connection:
            return list(connection.execute(query))

    def purge(self, keep: timedelta) -> int:
        """Delete what is older than ``keep``; says how many rows."""
        before = self._clock() - keep
        return purge(self._database, SmsMessage, before, SmsMessage.sent_at < before)

    def forget(self, connection: Connection, phones: Collection[str]) -> None:
        """Delete what was sent to these phones (E.164), in the transaction that erases their account."""
        names = [self._keyring.pseudonym(phone) for phone in phones]
        connection.execute(delete(SmsMessage).where(SmsMessage.phone_name.in_(names)))

    def _receipt_values(self, gateway: str, receipt: Receipt) -> dict[str, Any]:
        return {
            "vendor": gateway,
            "message": receipt.message_id,
            "state": _state(receipt),
            "detail": receipt.code,
            "at": receipt.at or self._clock(),
            "reported": _reported(receipt),
        }

    def _write(self, statement: Any, values: dict[str, Any]) -> Sequence[Any]:
        """The rows that it says, if any; none where it is done later."""
        try:
            with within(WRITE_SECONDS), self._database.connection() as connection:
                done = connection.execute(statement, values)
                return done.all() if done.returns_rows else ()
        except SQLAlchemyError:
            self._later.submit(lambda: self._write_late(statement, values))
            return ()

    def _write_late(self, statement: Any, values: dict[str, Any]) -> None:
        """The first try may have written it without hearing so."""
        try:
            with self._database.connection() as connection:
                connection.execute(statement, values)
        except IntegrityError:
            return
        except SQLAlchemyError as error:
            self._log.error("message_log_unwritten", error=type(error).__name__)


def _reported(receipt: Receipt) -> datetime:
    """When, for comparing: a report without a time counts only where there is no other."""
    return receipt.at or NO_TIME


def _state(receipt: Receipt) -> str:
    return "delivered" if receipt.delivered else "failed"


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
