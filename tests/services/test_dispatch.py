"""Which gateway gets a message, and what follows from what it says."""

from collections import Counter

import pytest
from structlog.testing import capture_logs

from services.dispatch import ANY_REGION, FINAL, Route
from services.vendor_windows import CHINESE_DAY, Window
from sms.gateway import Outcome, Reason
from tests.services.gateways import DOWN, SENT, UNKNOWN, ScriptedGateway, a_chain, a_message, not_sent

PASSED_ON = sorted(set(Reason) - FINAL - {Reason.BUDGET, Reason.LEFT_ALONE}, key=lambda reason: reason.value)


@pytest.fixture
def first():
    return ScriptedGateway("first")


@pytest.fixture
def second():
    return ScriptedGateway("second")


@pytest.fixture
def chain(redis, clock, first, second):
    return a_chain(redis, clock, first, second)


@pytest.mark.parametrize("reason", PASSED_ON, ids=lambda reason: reason.value)
def test_what_was_not_sent_moves_on_with_the_same_code(chain, first, second, reason):
    dispatch, memo = chain
    first.answer = not_sent(reason)
    message = a_message()
    assert dispatch.send(message).outcome is Outcome.SENT
    assert second.messages == first.asked == [message]
    assert memo.tries == [("first", "not_sent", reason.value), ("second", "sent", None)]


@pytest.mark.parametrize("reason", sorted(FINAL, key=lambda reason: reason.value), ids=lambda reason: reason.value)
def test_a_refusal_that_holds_everywhere_ends_it(chain, first, second, reason):
    first.answer = not_sent(reason)
    assert chain[0].send(a_message()).reason is reason
    assert second.asked == []


def test_a_crowd_that_is_refused_costs_no_rows_and_few_lines(chain, first, second):
    dispatch, memo = chain
    first.answer = not_sent(Reason.BUSY)
    with capture_logs() as lines:
        for _ in range(101):
            dispatch.send(a_message())
    assert memo.tries == second.asked == []
    assert [(line["event"], line["log_level"], line["refused"]) for line in lines if line["log_level"] != "debug"] == [
        ("sms_busy", "error", refused) for refused in (1, 10, 100)
    ]


@pytest.mark.parametrize("answer", [SENT, UNKNOWN], ids=["sent", "unknown"])
def test_what_was_sent_or_may_have_been_goes_nowhere_else(chain, first, second, answer):
    first.answer = answer
    assert chain[0].send(a_message()).outcome is answer.outcome
    assert second.asked == []


def test_a_gateway_that_stumbles_may_have_sent(chain, first, second):
    first.answer = KeyError("a defect of a library")
    delivery = chain[0].send(a_message())
    assert (delivery.outcome, delivery.fault) == (Outcome.UNKNOWN, "defect")
    assert second.asked == []


@pytest.mark.parametrize(
    ("answers", "reason", "wait"),
    [
        ((not_sent(Reason.RATE), DOWN), Reason.RATE, None),
        ((DOWN, not_sent(Reason.RATE, retry_after=7)), Reason.RATE, None),
        ((not_sent(Reason.RATE, retry_after=9), not_sent(Reason.RATE, retry_after=4)), Reason.RATE, 4),
        ((not_sent(Reason.QUOTA), not_sent(Reason.NO_CREDIT)), Reason.NO_CREDIT, None),
    ],
)
def test_where_none_takes_it_an_account_s_rate_is_what_the_shopper_hears(chain, first, second, answers, reason, wait):
    first.answer, second.answer = answers
    delivery = chain[0].send(a_message())
    assert (delivery.outcome, delivery.reason, delivery.retry_after) == (Outcome.NOT_SENT, reason, wait)


def test_each_region_has_its_route(redis, clock, first, second):
    routes = {"CN": Route(({"first": 1},)), ANY_REGION: Route(({"second": 1},))}
    dispatch, _ = a_chain(redis, clock, first, second, routes=routes)
    for phone in ("+8613800138000", "+85251234567", "+12025550123"):
        dispatch.send(a_message(phone))
    assert [message.to for message in first.messages] == ["+8613800138000"]
    assert [message.to for message in second.messages] == ["+85251234567", "+12025550123"]


def test_a_region_without_a_route_is_not_served(redis, clock, first):
    dispatch, _ = a_chain(redis, clock, first, routes={"CN": Route(({"first": 1},))})
    assert dispatch.send(a_message("+12025550123")).reason is Reason.REGION
    assert first.asked == []


def test_gateways_of_a_stage_share_the_messages_by_weight():
    """Six standard deviations of 2000 draws of 80 to 20 are 107."""
    route = Route(({"first": 80, "second": 20}, {"third": 1}))
    chains = [list(route.chain()) for _ in range(2000)]
    counts = Counter(chain[0] for chain in chains)
    assert abs(counts["first"] - 1600) < 107
    assert all(chain[2] == "third" and set(chain[:2]) == {"first", "second"} for chain in chains)


def test_the_one_of_a_stage_that_is_down_leaves_the_message_to_the_other(redis, clock, first, second):
    first.answer = DOWN
    dispatch, _ = a_chain(redis, clock, first, second, stages=[{"first": 99, "second": 1}])
    assert dispatch.send(a_message()).outcome is Outcome.SENT
    assert len(second.messages) == 1


WINDOWS = {"first": (Window(1, 30, Reason.COOLDOWN), Window(2, CHINESE_DAY, Reason.DAILY_LIMIT))}


def test_a_full_window_is_told_without_asking_anybody(redis, clock, first, second):
    dispatch, memo = a_chain(redis, clock, first, second, windows=WINDOWS)
    dispatch.send(a_message())
    delivery = dispatch.send(a_message())
    assert delivery.reason is Reason.COOLDOWN
    assert 28 < delivery.retry_after <= 30
    assert (len(first.asked), second.asked) == (1, [])
    assert memo.tries == [("first", "sent", None), ("first", "not_sent", "cooldown")]


def test_what_was_not_sent_does_not_fill_the_vendor_s_window(redis, clock, first, second):
    dispatch, _ = a_chain(redis, clock, first, second, windows=WINDOWS)
    first.answer = DOWN
    dispatch.send(a_message())
    first.answer = SENT
    assert dispatch.send(a_message()).outcome is Outcome.SENT
    assert len(first.messages) == 1


def test_a_gateway_that_is_left_alone_keeps_no_place_in_its_window(redis, clock, first, second):
    dispatch, memo = a_chain(redis, clock, first, second, windows=WINDOWS)
    first.answer = DOWN
    for _ in range(6):
        assert dispatch.send(a_message()).outcome is Outcome.SENT
    assert len(first.asked) == 5
    assert memo.tries[-2:] == [("first", "not_sent", "left_alone"), ("second", "sent", None)]
    assert redis.keys("vendor:first:*") == []


def test_what_may_have_been_sent_fills_the_window(redis, clock, first):
    first.answer = UNKNOWN
    dispatch, _ = a_chain(redis, clock, first, windows=WINDOWS)
    dispatch.send(a_message())
    assert dispatch.send(a_message()).reason is Reason.COOLDOWN


def test_a_vendor_s_own_refusal_of_a_number_says_how_long_its_window_is(redis, clock, first):
    """The limit of a number counts what others sent to it too, so that ours may not have seen it coming."""
    dispatch, _ = a_chain(redis, clock, first, windows=WINDOWS)
    first.answer = not_sent(Reason.COOLDOWN)
    assert dispatch.send(a_message()).retry_after == 30
    first.answer = not_sent(Reason.DAILY_LIMIT)
    midnight = 86400 - (clock().timestamp() + 28800) % 86400
    assert dispatch.send(a_message()).retry_after == pytest.approx(midnight)
    first.answer = not_sent(Reason.HOURLY_LIMIT)
    assert dispatch.send(a_message()).retry_after is None
