"""What messages may cost."""

from datetime import UTC, datetime

import pytest

from services.budgets import BudgetRules, Budgets
from services.keyring import Keyring
from services.traffic import LEAST_PER_DAY, LEAST_PER_HOUR, Traffic
from tests.parallel import in_parallel
from tests.services.gateways import PHONE
from tests.settings import SECRET
from tests.timetravel import HandTurnedClock

NEIGHBOUR, STRANGER, ABROAD = "+8613800139999", "+8613900000000", "+85251234567"
HOUR, DAY = 3600, 86400


@pytest.fixture
def clock():
    """A quarter past an hour, so that an hour's end is known."""
    return HandTurnedClock(datetime(2026, 11, 23, 8, 15, tzinfo=UTC))


@pytest.fixture
def make_budgets(redis, clock):
    def make(hour=None, day=None, region=None, prefix=None, traffic=None):
        rules = BudgetRules(lambda: hour, lambda: day, region, prefix)
        return Budgets(redis, Keyring([SECRET]), rules, traffic or Traffic(redis, clock), clock)

    return make


def claim(budgets, *phones, trusted=False):
    return [budgets.claim(phone, trusted).spent for phone in phones]


def test_without_budgets_nothing_is_spent(make_budgets):
    assert set(claim(make_budgets(), *[PHONE] * 50)) == {None}


@pytest.mark.parametrize(
    ("rules", "fits", "spent", "wait"),
    [
        ({"hour": 2}, [PHONE, STRANGER], "site_per_hour", 45 * 60),
        ({"day": 2}, [PHONE, ABROAD], "site_per_day", 15 * HOUR + 45 * 60),
        ({"region": 2}, [PHONE, STRANGER, ABROAD], "unverified_per_region", 45 * 60),
        ({"prefix": 2}, [PHONE, "+8613800131234", STRANGER], "unverified_per_prefix", 45 * 60),
    ],
    ids=["site by hour", "site by day", "region", "prefix"],
)
def test_a_budget_is_spent_until_its_hour_or_day_ends(make_budgets, clock, rules, fits, spent, wait):
    budgets = make_budgets(**rules)
    assert claim(budgets, *fits) == [None] * len(fits)
    refused = budgets.claim("+8613800137777", trusted=False)
    assert (refused.spent, refused.wait) == (spent, wait)
    clock.advance(refused.wait)
    assert claim(budgets, "+8613800137777") == [None]


def test_a_refused_message_counts_nowhere(make_budgets):
    budgets = make_budgets(hour=2, prefix=1)
    assert claim(budgets, PHONE, PHONE, PHONE, STRANGER) == [None, *["unverified_per_prefix"] * 2, None]


def test_refusals_are_counted_by_budget_and_by_day(make_budgets, clock):
    budgets = make_budgets(hour=2, prefix=1)
    for phone in (PHONE, NEIGHBOUR, NEIGHBOUR, STRANGER, ABROAD):
        refused = budgets.claim(phone, trusted=False).refused
    assert refused == 1
    assert budgets.claim(ABROAD, trusted=False).refused == 2
    assert budgets.refusals(1) == {"prefix": 2, "hour": 2}
    clock.advance(DAY)
    assert (budgets.refusals(1), budgets.refusals(2)) == ({}, {"prefix": 2, "hour": 2})
    assert claim(make_budgets(region=0), ABROAD) == ["unverified_per_region"]
    assert budgets.refusals(1) == {"region HK": 1}


def test_trusted_messages_are_counted_and_never_refused(make_budgets):
    budgets = make_budgets(hour=1, prefix=1)
    assert claim(budgets, *[PHONE] * 3, trusted=True) == [None] * 3
    assert claim(budgets, STRANGER) == ["site_per_hour"]


def test_what_was_not_sent_is_given_back(make_budgets):
    budgets = make_budgets(hour=1, day=1, region=1, prefix=1)
    for _ in range(3):
        budgets.give_back(budgets.claim(PHONE, trusted=False))
    assert claim(budgets, PHONE) == [None]


def test_it_is_given_back_to_the_hour_that_it_came_from(make_budgets, clock):
    budgets = make_budgets(hour=1)
    taken = budgets.claim(PHONE, trusted=False)
    clock.advance(HOUR)
    budgets.give_back(taken)
    assert claim(budgets, PHONE, PHONE) == [None, "site_per_hour"]


def test_a_verified_message_is_no_unverified_one_but_was_paid_for(make_budgets):
    budgets = make_budgets(prefix=1, day=3)
    for _ in range(3):
        assert claim(budgets, PHONE) == [None]
        budgets.verified(PHONE)
    assert claim(budgets, PHONE) == ["site_per_day"]


def test_verifying_saves_nothing_up(make_budgets, clock):
    """Codes sent before the hour struck and typed after it leave the new hour at nought, not below."""
    budgets = make_budgets(prefix=1)
    for _ in range(5):
        budgets.verified(PHONE)
    assert claim(budgets, PHONE, NEIGHBOUR) == [None, "unverified_per_prefix"]


def test_of_many_at_once_as_many_pass_as_the_budget_has(make_budgets):
    budgets = make_budgets(hour=7)
    spent = in_parallel(30, lambda i: budgets.claim(f"+86138{i:08}", trusted=False).spent)
    assert spent.count(None) == 7


def test_counters_end_and_have_no_number_in_their_names(make_budgets, redis):
    budgets = make_budgets(hour=9)
    budgets.give_back(budgets.claim(PHONE, trusted=False))
    budgets.verified(PHONE)
    assert len(redis.keys("{budget}:*")) == 5
    assert all(redis.ttl(key) > 0 for key in redis.keys("*"))
    assert not any(b"13800" in key for key in redis.keys("*"))


def test_an_adaptive_budget_is_twice_the_peak_of_what_was_verified(redis, clock):
    traffic = Traffic(redis, clock)
    for _ in range(80):
        traffic.add()
    assert (traffic.per_hour(), traffic.per_day()) == (LEAST_PER_HOUR, LEAST_PER_DAY)
    clock.advance(HOUR)
    assert traffic.per_hour() == 160
    for _ in range(230):
        traffic.add()
    clock.advance(HOUR)
    assert (traffic.per_hour(), traffic.per_day()) == (460, 620)


def test_an_adaptive_budget_forgets_after_14_days(redis, clock):
    traffic = Traffic(redis, clock)
    for _ in range(80):
        traffic.add()
    clock.advance(14 * DAY)
    assert traffic.per_hour() == 160
    clock.advance(HOUR)
    assert traffic.per_hour() == LEAST_PER_HOUR
    assert redis.hlen("{budget}:traffic") == 0


def test_an_attack_does_not_raise_its_own_budget(make_budgets, redis, clock):
    """Nobody verifies what it asks for."""
    traffic = Traffic(redis, clock)
    budgets = make_budgets(hour=10_000, traffic=traffic)
    claim(budgets, *[f"+86138{i:08}" for i in range(300)])
    clock.advance(HOUR)
    assert traffic.per_hour() == LEAST_PER_HOUR
