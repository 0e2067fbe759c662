"""What stands before a view: limits, which refuse, and work, which is asked for first. The table of them is ``api/limits.py``.

Guards stand in a Resource's class-level ``decorators`` and are tried in the order of that list; the first that objects ends
the request. Why limits are not Flask-Limiter's own decorators: ``docs/decisions/0002-limits.md``.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from flask import g, request
from redis.exceptions import RedisError

from api import whom
from api.config import OFF
from api.parsing import parse_body
from api.redis_client import is_defect
from api.wiring import services
from schemas.body import Body
from services.debts import Act, Claim, Debtor
from services.errors import RateLimited
from services.proof_of_work import EASIEST

View = Callable[..., Any]
REFUSE, ASK_FOR_WORK = "refuse", "ask for work"
SOLUTION = "HTTP_X_CHALLENGE_SOLUTION"


class Guard(Protocol):
    """Something that may object to a request before its view, and may want to know how it ended."""

    def enter(self, stack: ExitStack) -> None:
        """Raise, or let the request through."""


def put_before(view: View, guard: Guard) -> View:
    """Put ``guard`` behind those that ``view`` has already."""
    if hasattr(view, "guards"):
        view.guards.append(guard)
        return view

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with ExitStack() as stack:
            for each in guarded.guards:  # type: ignore[attr-defined]
                each.enter(stack)
            return view(*args, **kwargs)

    guarded.guards = [guard]  # type: ignore[attr-defined]
    return guarded


class NamedLimit:
    """A limit with a name; its window is shared by every view that carries it. A key of None is nothing to count.

    ``past`` its number it refuses; or it leaves that to the work that stands behind it, unless that is switched off.
    """

    def __init__(self, name: str, key: Callable[[], str | None], past: str = REFUSE) -> None:
        self.name = name
        self.setting = f"LIMIT_{name.upper()}"
        self._key = key
        self._past = past

    def __call__(self, view: View) -> View:
        """Put this limit before ``view``."""
        return put_before(view, self)

    def enter(self, stack: ExitStack) -> None:
        """Count this request."""
        try:
            self.count()
        except RateLimited as error:
            if self._past == REFUSE or services().config.challenge == OFF:
                raise
            g.past_limit = error

    def count(self) -> None:
        """Count this request in each of the limit's windows; raises ``RateLimited``."""
        key = self._key()
        if key is not None:
            services().limit_windows.hit(self.name, self._rates(), key)

    def clear(self) -> None:
        """Forget what was counted for this request's key."""
        key = self._key()
        if key is not None:
            services().limit_windows.clear(self.name, self._rates(), key)

    def _rates(self) -> str:
        return services().config.limits[self.setting]


@dataclass(frozen=True)
class MayOwe:
    """A debt by its name, whom it is counted for, how large it may be in calm and under alarm, and its hours. More: ``Debtor``."""

    name: str
    whom: Callable[[], str | None]
    calm: int
    alarm: int
    hours: int
    counts: bool = True
    forgiven: bool = False
    takes_work: bool = False
    strict: bool = False

    def debtor(self) -> Debtor | None:
        """The one of this request."""
        key = self.whom()
        if key is None:
            return None
        name = f"{self.name}:{services().keyring.pseudonym(key)}"
        flags = (self.counts, self.forgiven, self.takes_work, self.strict)
        return Debtor(name, self.calm, self.alarm, self.hours, *flags)


class Work:
    """Work that is asked for before a costly act, from whoever owes too much; its debts are those of its ``kind``.

    What is wrong with a ``body`` is said first. ``phone`` is whose code makes an act good; where there is none, a view that
    returns does. Those ``failures`` of a view that are the asker's own stay counted; after any other nothing is, and the
    solution is good again.
    Where Redis is away it can't be told who owes, nor a solution be spent: ``vital`` work refuses, other lets through.
    """

    def __init__(
        self,
        kind: str,
        *may_owe: MayOwe,
        body: type[Body] | None = None,
        phone: Callable[[], str | None] | None = None,
        failures: tuple[type[Exception], ...] = (),
        counts: bool = True,
        vital: bool = False,
    ) -> None:
        self._kind = kind
        self._may_owe = may_owe
        self._body = body
        self._phone = phone
        self._failures = failures
        self._counts = counts
        self._vital = vital

    def __call__(self, view: View) -> View:
        """Put this work before ``view``."""
        return put_before(view, self)

    def enter(self, stack: ExitStack) -> None:
        """Let the request through, or raise ``ChallengeRequired``."""
        if self._body:
            parse_body(self._body)
        if services().config.challenge != OFF:
            stack.enter_context(self._admitted())

    def level(self) -> int:
        """How hard the work of this request would be now; nothing is counted."""
        return services().debts.weigh(Act(self._kind, self._debtors(), counts=False)).level

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        claim = self._admit()
        try:
            yield
        except self._failures:
            raise
        except Exception:
            if claim:
                services().debts.give_back(claim)
            raise
        if claim and self._counts and self._phone is None:
            services().debts.made_good(claim)

    def _admit(self) -> Claim | None:
        past_limit: RateLimited | None = g.pop("past_limit", None)
        least = EASIEST if past_limit else 0
        payload = request.environ.get(SOLUTION, "")
        try:
            return services().admission.admit(self._act(), whom.network(), payload, least)
        except RedisError as error:
            if self._vital or is_defect(error):
                raise
            if past_limit:
                raise past_limit from None
            return None

    def _act(self) -> Act:
        if self._phone is None:
            return Act(self._kind, self._debtors(), counts=self._counts)
        phone = self._phone()
        return Act(self._kind, self._debtors() if phone else (), phone or "", counts=bool(phone))

    def _debtors(self) -> tuple[Debtor, ...]:
        return tuple(filter(None, (each.debtor() for each in self._may_owe)))
