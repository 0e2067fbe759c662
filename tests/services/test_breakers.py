"""A gateway that fails is left alone, by all processes together; then one message probes it."""

import pytest

from services.breakers import FAILURES, PROBE_SECONDS, Breakers
from sms.gateway import Outcome, Reason
from tests.parallel import in_parallel
from tests.services.gateways import DOWN, SENT, UNKNOWN, ScriptedGateway, a_chain, a_message, not_sent

PAUSE = 30


@pytest.fixture
def breakers(redis):
    return Breakers(redis, PAUSE)


@pytest.fixture
def let_pass(redis):
    """Let seconds pass for one breaker."""

    def wait(seconds, gateway="tencent"):
        until = redis.hget(f"breaker:{gateway}", "open_until")
        redis.hset(f"breaker:{gateway}", "open_until", int(until) - int(seconds * 1000))

    return wait


def fail(breakers, times=FAILURES):
    return [breakers.report("tencent", failed=True) for _ in range(times)]


def test_it_opens_after_failures_in_a_row_and_says_so_once(breakers):
    assert fail(breakers, FAILURES - 1) == [False] * (FAILURES - 1)
    assert breakers.wait("tencent") == 0
    assert fail(breakers, 2) == [True, False]
    assert PAUSE - 1 < breakers.wait("tencent") <= PAUSE


def test_one_success_between_keeps_it_closed(breakers):
    fail(breakers, FAILURES - 1)
    breakers.report("tencent", failed=False)
    fail(breakers, FAILURES - 1)
    assert breakers.wait("tencent") == 0


def test_gateways_are_told_apart(breakers):
    fail(breakers)
    assert breakers.wait("aliyun") == 0


def test_all_processes_share_it(breakers, redis):
    """F22: what one has learned, the other knows."""
    fail(breakers)
    assert Breakers(redis, PAUSE).wait("tencent") > 0


def test_after_the_pause_one_message_probes_it(breakers, let_pass):
    fail(breakers)
    let_pass(PAUSE + 1)
    waits = in_parallel(20, lambda _: breakers.wait("tencent"))
    assert waits.count(0) == 1
    assert all(PROBE_SECONDS - 2 < wait <= PROBE_SECONDS for wait in waits if wait)


def test_a_good_probe_closes_it(breakers, let_pass):
    fail(breakers)
    let_pass(PAUSE + 1)
    assert breakers.wait("tencent") == 0
    breakers.report("tencent", failed=False)
    assert [breakers.wait("tencent") for _ in range(3)] == [0, 0, 0]


def test_a_failed_probe_opens_it_again_for_the_whole_pause(breakers, let_pass):
    fail(breakers)
    let_pass(PAUSE + 1)
    assert breakers.wait("tencent") == 0
    fail(breakers, 1)
    assert breakers.wait("tencent") > PAUSE - 1


def test_a_probe_that_never_comes_back_is_followed_by_another(breakers, let_pass):
    fail(breakers)
    let_pass(PAUSE + 1)
    breakers.wait("tencent")
    let_pass(PROBE_SECONDS + 1)
    assert breakers.wait("tencent") == 0


@pytest.mark.parametrize("answer", [DOWN, UNKNOWN, KeyError("a defect")], ids=["unreachable", "unknown", "defect"])
def test_the_gateway_s_own_faults_open_it(redis, clock, answer):
    gateway = ScriptedGateway("tencent", answer)
    dispatch, _ = a_chain(redis, clock, gateway)
    for _ in range(FAILURES):
        dispatch.send(a_message())
    delivery = dispatch.send(a_message())
    assert (delivery.outcome, delivery.reason) == (Outcome.NOT_SENT, Reason.LEFT_ALONE)
    assert PAUSE - 2 < delivery.retry_after <= PAUSE
    assert len(gateway.asked) == FAILURES


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.UNREACHABLE}, key=lambda reason: reason.value))
def test_what_the_gateway_refuses_does_not_open_it(redis, clock, reason):
    """A shopper's bad number, a full window, a template that is missing for one purpose: the others get their messages."""
    gateway = ScriptedGateway("tencent", not_sent(reason))
    dispatch, _ = a_chain(redis, clock, gateway)
    for _ in range(3 * FAILURES):
        dispatch.send(a_message())
    gateway.answer = SENT
    assert dispatch.send(a_message()).outcome is Outcome.SENT


def test_a_call_that_was_never_made_says_nothing_of_the_gateway(redis, clock):
    """BUSY is ours: neither a failure, nor a success that would make the others forgotten."""
    gateway = ScriptedGateway("tencent")
    dispatch, _ = a_chain(redis, clock, gateway)
    for answer in (*[DOWN] * (FAILURES - 1), not_sent(Reason.BUSY), DOWN, SENT):
        gateway.answer = answer
        dispatch.send(a_message())
    assert gateway.messages == []


def test_the_next_gateway_takes_what_the_one_that_is_left_alone_would_have(redis, clock):
    first, second = ScriptedGateway("tencent", DOWN), ScriptedGateway("aliyun")
    dispatch, _ = a_chain(redis, clock, first, second)
    for _ in range(FAILURES + 3):
        assert dispatch.send(a_message()).outcome is Outcome.SENT
    assert (len(first.asked), len(second.messages)) == (FAILURES, FAILURES + 3)
