"""Sending a code for real: what it may cost, which gateway takes it, and what the shopper is told when none does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from services.budgets import BudgetClaim, Budgets
from services.dispatch import Dispatch
from services.errors import (
    Invalid,
    RateLimited,
    ServiceError,
    SmsCooldown,
    SmsDailyLimit,
    SmsHourlyLimit,
    SmsUnavailable,
)
from services.message_log import NO_GATEWAY, MessageLog
from services.phones import region_of
from sms.gateway import Delivery, Message, Outcome, Reason

RETRY_SECONDS = 5
# A flood of refusals must not fill the table of messages, nor the log.
REFUSALS_ON_RECORD = 100
# How long the vendors' own windows are, where a refusal does not say when it ends.
REFUSALS = {
    Reason.COOLDOWN: (SmsCooldown, 60),
    Reason.HOURLY_LIMIT: (SmsHourlyLimit, 3600),
    Reason.DAILY_LIMIT: (SmsDailyLimit, 86400),
    Reason.RATE: (RateLimited, RETRY_SECONDS),
}


class Sender(Protocol):
    """What challenges need of sending."""

    def send(self, message: Message, trusted: bool) -> None:
        """Send, or raise when nothing was sent; ``trusted`` messages were asked for with a token."""

    def verified(self, sms_id: str, phone: str) -> None:
        """The code of a challenge was typed."""


class NoTemplate(SmsUnavailable):
    """No gateway has a registered text for this notice: another try would fare no better."""


class GuardedSender:
    """Budgets first, then the gateways."""

    def __init__(
        self, dispatch: Dispatch, budgets: Budgets | None, messages: MessageLog, log: FilteringBoundLogger
    ) -> None:
        self._dispatch = dispatch
        self._budgets = budgets
        self._messages = messages
        self._log = log

    def send(self, message: Message, trusted: bool) -> None:
        """Send; raises ``SmsCooldown`` and its kin, ``RateLimited``, ``Invalid`` (phone) or ``SmsUnavailable``."""
        with self._paid(message, trusted):
            delivery = self._dispatch.send(message)
            if delivery.outcome is Outcome.NOT_SENT:
                raise _refusal(delivery)

    def verified(self, sms_id: str, phone: str) -> None:
        """Note it with the message, and take it from what nobody verified."""
        self._messages.verified(sms_id)
        try:
            if self._budgets:
                self._budgets.verified(phone)
        except RedisError:
            self._log.warning("sms_budget_unwritten")

    @contextmanager
    def _paid(self, message: Message, trusted: bool) -> Iterator[None]:
        """Take one message out of the budgets, and put it back when the block raises."""
        if self._budgets is None:
            yield
            return
        claim = self._budgets.claim(message.to, trusted)
        if claim.spent:
            self._tell(message, claim)
            raise SmsUnavailable(retry_after=claim.wait)
        try:
            yield
        except (ServiceError, RedisError):
            self._give_back(self._budgets, claim)
            raise

    def _tell(self, message: Message, claim: BudgetClaim) -> None:
        """The operator hears of the first refusal of a budget, the tenth, the hundredth and so on."""
        self._log.debug("sms_unasked", gateway=NO_GATEWAY, reason=Reason.BUDGET.value)
        if claim.refused <= REFUSALS_ON_RECORD:
            self._messages.record(NO_GATEWAY, message, Delivery(Outcome.NOT_SENT, Reason.BUDGET))
        if str(claim.refused).strip("0") == "1":
            self._log.error("sms_budget_spent", budget=claim.spent, region=region_of(message.to), refused=claim.refused)

    def _give_back(self, budgets: Budgets, claim: BudgetClaim) -> None:
        try:
            budgets.give_back(claim)
        except RedisError:
            self._log.warning("sms_budget_unwritten")


def _refusal(delivery: Delivery) -> ServiceError:
    """What a shopper is told; never which vendor, nor why."""
    if delivery.reason is Reason.BAD_NUMBER:
        return Invalid(phone="phone_invalid")
    if delivery.reason in REFUSALS:
        error, seconds = REFUSALS[delivery.reason]
        return error(retry_after=delivery.retry_after or seconds)
    if delivery.reason is Reason.NO_TEMPLATE:
        return NoTemplate(retry_after=RETRY_SECONDS)
    return SmsUnavailable(retry_after=delivery.retry_after or RETRY_SECONDS)
