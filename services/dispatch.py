"""Which gateway gets a message, and what follows from what it says."""

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from services.breakers import Breakers
from services.message_log import MessageLog
from services.phones import region_of
from services.vendor_windows import VendorWindows
from sms.gateway import Delivery, Gateway, Message, Outcome, Reason

NUMBER_LIMITS = frozenset({Reason.COOLDOWN, Reason.HOURLY_LIMIT, Reason.DAILY_LIMIT})
# Refusals that hold for every vendor: going round them would harass the phone.
FINAL = NUMBER_LIMITS | {Reason.BAD_NUMBER, Reason.OPTED_OUT, Reason.CONTENT, Reason.BUSY}
FOR_THE_OPERATOR = frozenset({Reason.QUOTA, Reason.MISCONFIGURED, Reason.NO_CREDIT, Reason.CONTENT, Reason.REFUSED})
ANY_REGION = "*"


@dataclass(frozen=True)
class Route:
    """Stages in order; within a stage, gateways share the messages by their weights."""

    stages: tuple[Mapping[str, int], ...]

    def chain(self) -> Iterator[str]:
        """The gateways in the order in which one message tries them."""
        for stage in self.stages:
            left = dict(stage)
            while left:
                chosen = random.choices(list(left), list(left.values()))[0]  # noqa: S311
                del left[chosen]
                yield chosen


class Dispatch:
    """Tries the gateways of a region's route; only a message that was not sent moves on to the next."""

    def __init__(
        self,
        gateways: Mapping[str, Gateway],
        routes: Mapping[str, Route],
        breakers: Breakers,
        windows: VendorWindows,
        messages: MessageLog,
        log: FilteringBoundLogger,
    ) -> None:
        self._gateways = gateways
        self._routes = routes
        self._breakers = breakers
        self._windows = windows
        self._messages = messages
        self._log = log
        self._busy = itertools.count(1)

    def send(self, message: Message) -> Delivery:
        """What became of the message in the end."""
        region = region_of(message.to)
        route = self._routes.get(region) or self._routes.get(ANY_REGION)
        refusals: list[Delivery] = []
        for name in route.chain() if route else ():
            delivery = self._try(name, message)
            if delivery.outcome is not Outcome.NOT_SENT or delivery.reason in FINAL:
                return delivery
            refusals.append(delivery)
        return _summary(refusals)

    def _try(self, name: str, message: Message) -> Delivery:
        """One gateway: its windows, its breaker, the call, and what is noted of it."""
        claim = self._windows.claim(name, message.to)
        if claim.full:
            return self._unasked(name, message, claim.full, claim.wait)
        try:
            wait = self._breakers.wait(name)
        except RedisError:
            self._windows.give_back(claim)
            raise
        if wait:
            self._windows.give_back(claim)
            return self._unasked(name, message, Reason.LEFT_ALONE, wait)
        began = time.perf_counter()
        delivery = self._call(name, message)
        if delivery.reason is Reason.BUSY:
            self._tell_of_busy(name)
        else:
            self._messages.record(name, message, delivery)
            self._write_line(name, message, delivery, time.perf_counter() - began)
        if delivery.outcome is Outcome.NOT_SENT:
            self._windows.give_back(claim)
        try:
            self._tell_breaker(name, delivery)
        except RedisError:
            self._log.warning("gateway_state_unwritten", gateway=name)
        return delivery

    def _unasked(self, name: str, message: Message, reason: Reason, wait: float) -> Delivery:
        """What is refused before the gateway is asked is on record too."""
        delivery = Delivery(Outcome.NOT_SENT, reason, retry_after=wait)
        self._messages.record(name, message, delivery)
        self._log.debug("sms_unasked", gateway=name, reason=reason.value)
        return delivery

    def _tell_of_busy(self, name: str) -> None:
        """A crowd waits already, so it costs a line with the first of this process, the tenth, the hundredth and so on."""
        self._log.debug("sms_unasked", gateway=name, reason=Reason.BUSY.value)
        refused = next(self._busy)
        if str(refused).strip("0") == "1":
            self._log.error("sms_busy", gateway=name, refused=refused)

    def _call(self, name: str, message: Message) -> Delivery:
        """Ask the gateway. What it stumbles over may have come after the message left, so that is *unknown*."""
        try:
            delivery = self._gateways[name].send(message)
        except RedisError:  # the console's inbox is in Redis
            raise
        except Exception as error:
            self._log.error("gateway_defect", gateway=name, error=type(error).__name__)
            return Delivery(Outcome.UNKNOWN, fault="defect")
        if delivery.reason in NUMBER_LIMITS and delivery.retry_after is None:
            return replace(delivery, retry_after=self._windows.longest_wait(name, delivery.reason))
        return delivery

    def _tell_breaker(self, name: str, delivery: Delivery) -> None:
        """Only what is the gateway's own fault counts against it: no answer, or none that says how it went."""
        if delivery.reason is Reason.BUSY:
            return
        failed = delivery.outcome is Outcome.UNKNOWN or delivery.reason is Reason.UNREACHABLE
        if self._breakers.report(name, failed):
            self._log.error("gateway_left_alone", gateway=name)

    def _write_line(self, name: str, message: Message, delivery: Delivery, seconds: float) -> None:
        write = self._log.error if delivery.reason in FOR_THE_OPERATOR else self._log.info
        write(
            "sms_tried",
            gateway=name,
            purpose=message.purpose,
            outcome=delivery.outcome.value,
            reason=delivery.reason and delivery.reason.value,
            vendor_code=delivery.vendor_code,
            vendor_request_id=delivery.request_id,
            fault=delivery.fault,
            seconds=round(seconds, 3),
        )


def _summary(refusals: list[Delivery]) -> Delivery:
    """The refusal of a whole chain: a limit of an account is told before anything else, and the shortest wait holds."""
    if not refusals:
        return Delivery(Outcome.NOT_SENT, Reason.REGION)
    waits = [delivery.retry_after for delivery in refusals if delivery.retry_after is not None]
    retry_after = min(waits) if len(waits) == len(refusals) else None
    said = next((delivery for delivery in refusals if delivery.reason is Reason.RATE), refusals[-1])
    return replace(said, retry_after=retry_after)
