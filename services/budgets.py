"""What messages may cost: budgets of the whole site, and of messages that nobody verifies, by region and by prefix."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from services.clock import Clock
from services.keyring import Keyring
from services.phones import region_of
from services.scripts import RedisClient, load_script
from services.traffic import LIFETIME, Traffic, sent_key

HOUR, DAY = 3600, 86400
REFUSALS_KEPT = 15 * DAY
SUFFIX_DIGITS = 4
NO_LIMIT = 10**12


@dataclass(frozen=True)
class BudgetRules:
    """Numbers of messages; None is no budget. The site's may follow its traffic, so they are asked for each time."""

    site_per_hour: Callable[[], int | None]
    site_per_day: Callable[[], int | None]
    unverified_per_region: int | None
    unverified_per_prefix: int | None


@dataclass(frozen=True)
class _Budget:
    """One that a message falls under; ``period`` and how long its counter is ``kept`` are in seconds."""

    name: str
    key: str
    limit: int | None
    period: int
    kept: int


@dataclass(frozen=True)
class BudgetClaim:
    """A message counted under ``keys``, to be given back when nothing was sent; or the budget that is spent.

    ``wait`` is in seconds, until that budget begins anew; ``refused`` is how many messages it has refused by now.
    """

    keys: tuple[str, ...]
    spent: str | None = None
    wait: float = 0
    refused: int = 0


class Budgets:
    """Counts in Redis, by the hour and the day of the clock. A message that is verified leaves the unverified ones."""

    def __init__(
        self, redis: RedisClient, keyring: Keyring, rules: BudgetRules, traffic: Traffic, clock: Clock
    ) -> None:
        self._redis = redis
        self._keyring = keyring
        self._rules = rules
        self._traffic = traffic
        self._clock = clock
        self._claim_budget = load_script(redis, "claim_budget")
        self._release_budget = load_script(redis, "release_budget")

    def claim(self, phone: str, trusted: bool) -> BudgetClaim:
        """Count one message to ``phone`` (E.164); ``spent`` names the budget that it does not fit into.

        A trusted message, asked for with a token, is counted and never refused.
        """
        budgets = self._budgets(phone)
        limits = [NO_LIMIT if trusted or budget.limit is None else budget.limit for budget in budgets]
        pairs = [part for limit, budget in zip(limits, budgets, strict=True) for part in (limit, budget.kept)]
        keys = tuple(budget.key for budget in budgets)
        spent, *refused = self._claim_budget(keys=(*keys, self._refusals_key(0)), args=(*pairs, REFUSALS_KEPT))
        if not spent:
            return BudgetClaim(keys)
        return BudgetClaim(keys, budgets[spent - 1].name, self._wait(budgets[spent - 1]), refused[0])

    def spent(self, phone: str) -> dict[str, float]:
        """The budgets that have nothing left for ``phone`` (E.164) now, and after how many seconds they begin anew."""
        budgets = self._budgets(phone)
        counts = [int(count or 0) for count in self._redis.mget([budget.key for budget in budgets])]
        return {
            budget.name: self._wait(budget)
            for budget, count in zip(budgets, counts, strict=True)
            if budget.limit is not None and count >= budget.limit
        }

    def refusals(self, days: int) -> Counter[str]:
        """How many messages each budget refused in the last ``days`` days of UTC, today being one, as far as they are kept."""
        counts: Counter[str] = Counter()
        for ago in range(min(days, REFUSALS_KEPT // DAY)):
            for key, refused in self._redis.hgetall(self._refusals_key(ago)).items():
                _, scope, *rest = key.decode().split(":")
                counts[f"{scope} {rest[0]}" if scope == "region" else scope] += int(refused)
        return counts

    def give_back(self, claim: BudgetClaim) -> None:
        """Nothing was sent."""
        self._release_budget(keys=claim.keys)

    def verified(self, phone: str) -> None:
        """The code arrived and was typed."""
        self._release_budget(keys=self._unverified_keys(phone))
        self._traffic.add()

    def usual_share(self) -> float:
        """Of the messages of an hour, how many are usually verified."""
        return self._traffic.share()

    def _budgets(self, phone: str) -> tuple[_Budget, ...]:
        rules = self._rules
        (hour, day), (region, prefix) = self._site_keys(), self._unverified_keys(phone)
        return (
            _Budget("site_per_hour", hour, rules.site_per_hour(), HOUR, LIFETIME),
            _Budget("site_per_day", day, rules.site_per_day(), DAY, 2 * DAY),
            _Budget("unverified_per_region", region, rules.unverified_per_region, HOUR, 2 * HOUR),
            _Budget("unverified_per_prefix", prefix, rules.unverified_per_prefix, HOUR, 2 * HOUR),
        )

    def _wait(self, budget: _Budget) -> float:
        return budget.period - self._clock().timestamp() % budget.period

    def _refusals_key(self, days_ago: int) -> str:
        return f"{{budget}}:refusals:{int(self._clock().timestamp()) // DAY - days_ago}"

    def _site_keys(self) -> tuple[str, str]:
        now = int(self._clock().timestamp())
        return sent_key(now // HOUR), f"{{budget}}:day:{now // DAY}"

    def _unverified_keys(self, phone: str) -> tuple[str, str]:
        hour = int(self._clock().timestamp()) // HOUR
        prefix = self._keyring.pseudonym(phone[:-SUFFIX_DIGITS])
        return f"{{budget}}:region:{region_of(phone)}:{hour}", f"{{budget}}:prefix:{prefix}:{hour}"
