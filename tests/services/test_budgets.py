"""What messages may cost."""

from datetime import UTC, datetime

import pytest
import structlog

from models.database import connect_database
from services.budgets import BudgetRules, Budgets
from services.keyring import Keyring
from services.traffic import LEAST_PER_DAY, LEAST_PER_HOUR, BusyHour, Traffic
from services.traffic_history import TrafficHistory
from sms.gateway import Delivery, Outcome, Reason
from tests.parallel import in_parallel
from tests.services.gateways import PHONE, a_log, a_message, not_sent
from tests.settings import SECRET
from tests.timetravel import HandTurnedClock, age_redis

pytestmark = pytest.mark.one_database

NEIGHBOUR, STRANGER, ABROAD = "+8613800139999", "+8613900000000", "+85251234567"
HOUR, DAY = 3600, 86400


def a_traffic(redis, clock, *hours):
    """With these hours in the table."""
    return Traffic(redis, lambda days: hours, clock)


@pytest.fixture
def clock():
    """A quarter past an hour, so that an hour's end is known."""
    return HandTurnedClock(datetime(2026, 11, 23, 8, 15, tzinfo=UTC))


@pytest.fixture
def make_budgets(redis, clock):
    def make(hour=None, day=None, region=None, prefix=None, traffic=None):
        rules = BudgetRules(lambda: hour, lambda: day, region, prefix)
        return Budgets(redis, Keyring([SECRET]), rules, traffic or a_traffic(redis, clock), clock)

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
    traffic = a_traffic(redis, clock)
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
    traffic = a_traffic(redis, clock)
    for _ in range(80):
        traffic.add()
    clock.advance(14 * DAY)
    assert traffic.per_hour() == 160
    clock.advance(HOUR)
    assert traffic.per_hour() == LEAST_PER_HOUR
    assert redis.hkeys("{budget}:traffic") == [b"seeded"]


def send_and_verify(budgets, sent, verified):
    claim(budgets, *[f"+86138{i:08}" for i in range(sent)])
    for i in range(verified):
        budgets.verified(f"+86138{i:08}")


def test_an_attack_does_not_raise_its_own_budget(make_budgets, redis, clock):
    """Nobody verifies what it asks for, and an hour of it is no usual hour."""
    traffic = a_traffic(redis, clock)
    budgets = make_budgets(traffic=traffic)
    for attack in (0, 0, 900):
        send_and_verify(budgets, 100 + attack, 80)
        clock.advance(HOUR)
    assert (traffic.per_hour(), traffic.per_day()) == (200, 600)


@pytest.mark.parametrize(("verified", "budget"), [(90, 240), (60, 240), (40, 240), (20, 160), (12, 100)])
def test_where_few_are_verified_the_budget_is_twice_what_is_sent(make_budgets, redis, clock, verified, budget):
    """Down to a quarter; below that it goes with the verified ones alone."""
    traffic = a_traffic(redis, clock)
    budgets = make_budgets(traffic=traffic)
    for _ in range(3):
        send_and_verify(budgets, 120, verified)
        clock.advance(HOUR)
    assert traffic.per_hour() == budget


# After a loss


@pytest.fixture
def table(clock):
    """Of the last days, by the hour: 900 sent and 300 verified yesterday, a little in another hour."""
    hour = int(clock().timestamp()) // HOUR
    return BusyHour(hour - 24, 900, 300), BusyHour(hour - 50, 6, 2)


class Table:
    """In place of the table of messages; counts the questions."""

    def __init__(self, hours):
        self.hours = hours
        self.asked = []

    def read(self, days):
        self.asked.append(days)
        return self.hours


def test_a_lost_redis_costs_an_adaptive_budget_nothing(redis, clock, table):
    traffic = a_traffic(redis, clock, *table)
    traffic.add()
    assert traffic.per_hour() == 1800
    assert all(redis.ttl(key) > 0 for key in redis.keys("*"))


def test_a_loss_costs_one_question_however_many_look(redis, clock, table):
    asked = Table(table)
    traffics = [Traffic(redis, asked.read, clock) for _ in range(8)]
    in_parallel(8, lambda i: traffics[i].per_hour())
    clock.advance(2)
    assert [traffic.per_hour() for traffic in traffics] == [1800] * 8
    clock.advance(HOUR)
    assert traffics[0].per_hour() == 1800
    assert asked.asked == [14]
    redis.flushall()
    clock.advance(HOUR)
    assert traffics[0].per_hour() == 1800
    assert asked.asked == [14, 14]


def test_who_seeds_last_counts_nothing_twice(redis, clock, table):
    def read(days):
        redis.delete("{budget}:seeding")
        return a_traffic(redis, clock, *table).per_hour() and table

    traffic = Traffic(redis, read, clock)
    traffic.per_hour()
    traffic.add()
    clock.advance(HOUR)
    assert traffic.per_hour() == 1800
    assert sorted(redis.hvals("{budget}:traffic")) == [b"1", b"1", b"2", b"300"]


def test_a_table_that_can_not_be_read_is_asked_again_in_a_minute(redis, clock, table):
    asked = Table(table)
    traffic = Traffic(redis, asked.read, clock)
    traffic.per_hour()
    redis.flushall()
    asked.hours = None
    clock.advance(301)
    for _ in range(5):
        assert traffic.per_hour() == 1800
        clock.advance(2)
    assert len(asked.asked) == 2
    age_redis(redis, 60)
    asked.hours = table
    assert traffic.per_hour() == 1800
    assert len(asked.asked) == 3


def test_the_table_tells_its_traffic_by_the_hour(database_url, clock):
    log, sent = a_log(database_url, clock), Delivery(Outcome.SENT)
    this_hour = int(clock().timestamp()) // HOUR
    history = TrafficHistory(connect_database(database_url, 2, 5), clock, structlog.get_logger())
    log.record("tencent", a_message(message_id="old"), sent)
    clock.advance(15 * DAY)
    assert history.read(14) == []
    log.record("tencent", a_message(message_id="a"), sent)
    log.record("tencent", a_message(message_id="b"), Delivery(Outcome.UNKNOWN))
    log.record("tencent", a_message(message_id="c"), not_sent(Reason.QUOTA))
    log.verified("a")
    clock.advance(44 * 60)
    log.record("tencent", a_message(message_id="d"), sent)
    clock.advance(60)
    log.record("tencent", a_message(message_id="e"), sent)
    first = this_hour + 15 * 24
    assert sorted(history.read(14), key=lambda busy: busy.hour) == [BusyHour(first, 3, 1), BusyHour(first + 1, 1, 0)]


def test_without_a_database_there_is_no_history_and_no_error(clock):
    away = TrafficHistory(connect_database("sqlite:////nonexistent/x", 2, 5), clock, structlog.get_logger())
    assert away.read(14) is None
