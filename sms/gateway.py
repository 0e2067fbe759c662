"""What every gateway promises: one method wide."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    """What became of a message. ``UNKNOWN`` is answered as sent: it may arrive, so nothing is sent twice."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Reason(Enum):
    """Why a message was not sent. What follows from each is decided by ``services.dispatch``, never by a gateway."""

    COOLDOWN = "cooldown"  # the vendor's limits of the number
    HOURLY_LIMIT = "hourly_limit"
    DAILY_LIMIT = "daily_limit"
    RATE = "rate"  # the vendor's limits of our account
    QUOTA = "quota"
    BAD_NUMBER = "bad_number"
    OPTED_OUT = "opted_out"
    REGION = "region"
    CONTENT = "content"
    MISCONFIGURED = "misconfigured"
    NO_TEMPLATE = "no_template"  # no text is registered for such a notice
    NO_CREDIT = "no_credit"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # a code that no table of ours knows
    LEFT_ALONE = "left_alone"  # ours: the breaker is open
    BUDGET = "budget"  # ours: the budget is spent
    BUSY = "busy"  # too many of our own calls wait in the gateway: it was not asked


class GatewayUnusable(Exception):
    """A gateway that cannot be made as it is set; the text says which setting, and what to do."""


@dataclass(frozen=True)
class Message:
    """A text for one phone. ``to`` is E.164, ``language`` is ``zh-CN`` or ``en``, ``expires_in`` is in seconds.

    A notice has no code: ``code`` is empty; where its text holds a ``link``, that is here too. ``request_id``
    names the request that asked for it, ``counted_as`` the message among those of its phone, where they are counted. What
    is personal stays out of the ``repr``, which tracebacks show.
    """

    id: str
    to: str = field(repr=False)
    purpose: str
    code: str = field(repr=False)
    text: str = field(repr=False)
    language: str
    expires_in: int
    link: str | None = field(default=None, repr=False)
    request_id: str = ""
    counted_as: str = ""


@dataclass(frozen=True)
class Delivery:
    """What a gateway says of one message.

    ``reason`` is set when it was not sent; ``vendor_code`` and ``request_id`` are the vendor's own words for its support,
    ``message_id`` is what its receipts will name. ``fault`` says in one word what broke on the way, for our operator.
    """

    outcome: Outcome
    reason: Reason | None = None
    message_id: str | None = None
    vendor_code: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    fault: str | None = None


class Gateway(Protocol):
    """A way out for texts."""

    name: str

    def send(self, message: Message) -> Delivery:
        """Hand over one message. Never raises for a failure of the vendor: that is an outcome."""
