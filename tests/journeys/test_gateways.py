"""Codes on their way through gateways that work, fail, or say neither: what a shopper sees of it."""

import threading
from collections import Counter

import pytest
from structlog.testing import capture_logs

from services import tester_numbers
from services.breakers import FAILURES
from services.dispatch import ANY_REGION, Route
from services.sender import REFUSALS_ON_RECORD
from services.traffic import LEAST_PER_HOUR
from sms.deadline import Deadline
from sms.gateway import Outcome, Reason
from tests.clients import InProcessClient
from tests.parallel import in_parallel
from tests.scrape import growth
from tests.services.gateways import DOWN, SENT, UNKNOWN, ScriptedGateway, a_log, a_message, not_sent
from tests.shopper import Shopper, new_phone

TESTER = "+8613800000000"


@pytest.fixture
def first():
    return ScriptedGateway("first")


@pytest.fixture
def second():
    return ScriptedGateway("second")


@pytest.fixture
def site(make_app, first, second):
    """A client of an app whose chain is ``first``, then ``second``; changes as of ``make_app``."""
    return lambda **changes: InProcessClient(make_app(gateways=[first, second], **changes))


@pytest.fixture
def visit(first, second):
    """A shopper over a client, who reads what left either gateway."""

    def visit(client, phone=None):
        inbox = lambda: [(m.to, m.code) for m in (*reversed(first.messages), *reversed(second.messages))]  # noqa: E731
        return Shopper(client, inbox, phone)

    return visit


def test_a_gateway_that_is_down_is_passed_by_unseen(site, visit, first, second):
    """F22: the next one sends."""
    first.answer = DOWN
    shopper = visit(site())
    sms_id = shopper.send_code()
    assert shopper.verify(sms_id, second.messages[0].code).status == 200
    assert first.asked == second.messages


def test_a_message_that_may_have_left_is_answered_as_sent_and_never_sent_twice(site, visit, first, second):
    """F21: 202, and the code is good if it arrives."""
    first.answer = UNKNOWN
    shopper = visit(site())
    sms_id = shopper.send_code()
    assert shopper.ask_for_code().code == "sms_cooldown"
    assert second.asked == []
    assert shopper.verify(sms_id, first.messages[0].code).status == 200


def test_where_both_are_down_nothing_counts_and_the_shopper_can_try_again_at_once(site, visit, first, second, redis):
    """F22: 503, and neither cooldown nor budget is spent."""
    first.answer = second.answer = DOWN
    shopper = visit(site(sms_per_hour=1))
    for _ in range(3):
        reply = shopper.ask_for_code()
        assert (reply.status, reply.code, reply.json["retry_after"]) == (503, "sms_unavailable", 5)
    assert redis.keys("sms:*") == []
    second.answer = SENT
    assert shopper.register()


def test_a_resend_that_was_not_sent_leaves_the_code_as_it_was(site, visit, first, second, pass_time):
    shopper = visit(site())
    sms_id = shopper.send_code()
    pass_time(61)
    first.answer = second.answer = DOWN
    assert [shopper.resend(sms_id).code for _ in range(2)] == ["sms_unavailable"] * 2
    assert shopper.verify(sms_id, shopper.last_code()).status == 200


@pytest.mark.parametrize(
    ("reason", "status", "code", "wait"),
    [
        (Reason.COOLDOWN, 429, "sms_cooldown", 60),
        (Reason.HOURLY_LIMIT, 429, "sms_hourly_limit", 3600),
        (Reason.DAILY_LIMIT, 429, "sms_daily_limit", 86400),
        (Reason.OPTED_OUT, 503, "sms_unavailable", 5),
        (Reason.CONTENT, 503, "sms_unavailable", 5),
        (Reason.BUSY, 503, "sms_unavailable", 5),
    ],
)
def test_a_final_refusal_is_told_in_the_words_of_the_contract(site, visit, first, second, reason, status, code, wait):
    first.answer = not_sent(reason)
    reply = visit(site()).ask_for_code()
    assert (reply.status, reply.code, reply.json["retry_after"]) == (status, code, wait)
    assert reply.headers["Retry-After"] == str(wait)
    assert second.asked == []


def test_how_long_to_wait_is_what_the_vendor_said(site, visit, first):
    """F23: 429, and for how long."""
    first.answer = not_sent(Reason.HOURLY_LIMIT, retry_after=99.2)
    assert visit(site()).ask_for_code().json["retry_after"] == 100


@pytest.mark.parametrize("resent", [False, True], ids=["send", "resend"])
def test_a_number_that_the_vendor_does_not_know_is_a_field_that_is_wrong(site, visit, first, second, pass_time, resent):
    shopper = visit(site())
    sms_id = shopper.send_code() if resent else ""
    pass_time(61)
    first.answer = not_sent(Reason.BAD_NUMBER)
    reply = shopper.resend(sms_id) if resent else shopper.ask_for_code()
    assert (reply.status, reply.code, list(reply.json["errors"])) == (422, "validation_failed", ["phone"])
    assert second.asked == []


def test_an_account_s_rate_is_told_when_no_gateway_takes_the_message(site, visit, first, second):
    first.answer = not_sent(Reason.RATE)
    shopper = visit(site())
    shopper.send_code()
    second.answer = DOWN
    reply = shopper.another().ask_for_code()
    assert (reply.status, reply.code, reply.json["retry_after"]) == (429, "rate_limited", 5)


def test_two_processes_share_a_breaker(site, visit, first, second):
    """Two apps on one Redis: what one has learned of a gateway, the other knows."""
    one, other = visit(site()), visit(site())
    first.answer = DOWN
    for _ in range(FAILURES):
        one.another().send_code()
    other.another().send_code()
    assert (len(first.asked), len(second.messages)) == (FAILURES, FAILURES + 1)


def test_while_all_are_left_alone_the_shopper_hears_for_how_long(site, visit, first, second):
    first.answer = second.answer = DOWN
    client = site(breaker_seconds=20)
    for _ in range(FAILURES):
        visit(client).ask_for_code()
    reply = visit(client).ask_for_code()
    assert reply.code == "sms_unavailable"
    assert 17 <= reply.json["retry_after"] <= 20
    assert len(first.asked) == FAILURES


def test_bad_numbers_close_no_gateway_to_others(site, visit, first):
    client = site()
    first.answer = not_sent(Reason.BAD_NUMBER)
    for _ in range(3 * FAILURES):
        assert visit(client).ask_for_code().status == 422
    first.answer = SENT
    visit(client).send_code()
    assert len(first.messages) == 1


@pytest.mark.parametrize("answer", [DOWN, UNKNOWN], ids=["refuses", "hangs"])
def test_fifty_at_once_with_one_gateway_down_get_one_message_each(site, visit, first, second, answer):
    first.answer = answer
    client = site()
    phones = [new_phone() for _ in range(50)]
    replies = in_parallel(50, lambda i: visit(client, phones[i]).ask_for_code())
    sent = Counter(message.to for message in (*first.messages, *second.messages))
    assert {reply.status for reply in replies} == {202}
    assert sent == dict.fromkeys(phones, 1)


def test_fifty_at_once_for_few_places_get_one_message_or_a_503(make_app, visit, second):
    """Each phone at most one message, and exactly one where the answer was 202."""

    class SlowGateway(ScriptedGateway):
        def send(self, message):
            threading.Event().wait(0.3)
            return super().send(message)

    slow, places = SlowGateway("slow", DOWN), threading.BoundedSemaphore(3)
    client = InProcessClient(make_app(gateways=[Deadline(gateway, 5, places) for gateway in (slow, second)]))
    phones = [new_phone() for _ in range(50)]
    replies = in_parallel(50, lambda i: visit(client, phones[i]).ask_for_code())
    sent = Counter(message.to for message in second.messages)
    told = dict(zip(phones, replies, strict=True))
    assert sent == {phone: 1 for phone, reply in told.items() if reply.status == 202}
    assert {reply.code for reply in replies if reply.status != 202} == {"sms_unavailable"}
    assert 1 <= len(sent) < 50
    refused = next(phone for phone, reply in told.items() if reply.status != 202)
    slow.answer = SENT
    assert visit(client, refused).ask_for_code().status == 202


def test_regions_go_their_own_ways(make_app, config, visit, first, second):
    """The names are those that the settings know: routes hold where the gateways are the ones that they name."""
    first.name, second.name = "tencent", "aliyun"
    routes = {"CN": Route(({"tencent": 1},)), ANY_REGION: Route(({"aliyun": 1},))}
    client = InProcessClient(make_app(gateways=[first, second], routes=routes, sms_regions=frozenset({"CN", "HK"})))
    for phone in ("13800138000", "+85251234567"):
        visit(client, phone).send_code()
    assert [message.to for message in first.messages] == ["+8613800138000"]
    assert [message.to for message in second.messages] == ["+85251234567"]


# Budgets


def test_past_a_budget_messages_stop_until_its_end_but_for_those_with_a_token(site, visit, clock, pass_time):
    """R15: whoever is logged in still gets a code: no reply tells who has an account."""
    client = site(budget_per_hour=1)
    shopper = visit(client)
    shopper.register()
    refused = visit(client).ask_for_code()
    left = 3600 - clock().timestamp() % 3600
    assert (refused.status, refused.code) == (503, "sms_unavailable")
    assert left <= refused.json["retry_after"] < left + 1
    pass_time(61)
    shopper.send_code("change_phone", new_phone())
    shopper.send_code("confirm")
    clock.advance(3600)
    visit(client).send_code("login")


def test_a_thousand_phones_from_a_thousand_addresses_stop_at_the_budget_of_the_site(make_app, visit, first):
    """R15: 503 from there on, and a metric counts them."""
    app, cap, addresses = make_app(gateways=[first], budget_per_hour=100), 100, 1000

    def ask(i):
        return visit(InProcessClient(app, address=f"198.18.{i // 250}.{i % 250}")).ask_for_code()

    replies = []
    grew = growth(InProcessClient(app), lambda: replies.extend(ask(i) for i in range(addresses)))
    assert [reply.status for reply in replies] == [202] * cap + [503] * (addresses - cap)
    assert {reply.code for reply in replies[cap:]} == {"sms_unavailable"}
    assert len({message.to for message in first.messages}) == len(first.messages) == cap
    assert grew("sms_tries_total", outcome="not_sent", reason="budget") == addresses - cap


def test_a_budget_refuses_to_send_again_what_a_token_sent_once(site, visit, clock, pass_time):
    """R15: sending again needs no token, and what an account may send is counted by sends; all in one hour of the clock."""
    clock.advance(3600 - clock().timestamp() % 3600)
    client = site(budget_per_hour=1)
    shopper = visit(client)
    shopper.register()
    pass_time(61)
    sms_id = shopper.send_code("confirm")
    pass_time(61)
    assert shopper.resend(sms_id).code == "sms_unavailable"


def test_a_refusal_for_the_budget_costs_the_shopper_nothing(site, visit, clock, redis):
    client = site(budget_per_hour=0)
    shopper = visit(client)
    assert [shopper.ask_for_code().code for _ in range(2)] == ["sms_unavailable"] * 2
    assert redis.keys("sms:*") == []


def test_a_spent_budget_is_told_to_the_operator_and_a_flood_of_refusals_is_not(site, visit, first):
    client = site(budget_per_hour=0)
    with capture_logs() as lines:
        for _ in range(REFUSALS_ON_RECORD + 5):
            visit(client).ask_for_code()
    told = [line["refused"] for line in lines if line["event"] == "sms_budget_spent"]
    assert told == [1, 10, 100]
    stats = client.app.test_cli_runner().invoke(args=["sms", "stats"]).output
    assert stats.splitlines()[1].split()[:4] == ["none", "CN", "0", str(REFUSALS_ON_RECORD)]
    assert f"'hour': {REFUSALS_ON_RECORD + 5}" in stats


def test_an_adaptive_budget_outlives_a_lost_redis(site, visit, database_url, clock):
    log = a_log(database_url, clock)
    for i in range(LEAST_PER_HOUR):
        log.record("first", a_message(message_id=f"{i}"), SENT)
        log.verified(f"{i}")
    clock.advance(3600)
    client = site(budget_per_hour="adaptive")
    replies = in_parallel(LEAST_PER_HOUR + 5, lambda _: visit(client).ask_for_code())
    assert {reply.status for reply in replies} == {202}


def test_what_was_not_sent_spends_no_budget(site, visit, first, second):
    first.answer = second.answer = DOWN
    client = site(budget_per_hour=1, budget_per_day=1, unverified_per_region=1, unverified_per_prefix=1)
    visit(client).ask_for_code()
    first.answer = SENT
    visit(client).send_code()


def test_a_prefix_that_nobody_verifies_is_stopped_and_its_neighbours_are_not(site, visit):
    client = site(unverified_per_prefix=2)
    shoppers = [visit(client, f"+86137000000{i:02}") for i in range(4)]
    assert [shopper.ask_for_code().status for shopper in shoppers] == [202, 202, 503, 503]
    visit(client, "+8613700010000").send_code()


def test_those_who_verify_are_no_burden(site, visit):
    client = site(unverified_per_prefix=1)
    for i in range(4):
        visit(client, f"+86137000000{i:02}").register()


# Test numbers


@pytest.fixture
def with_tester(site, clock):
    return lambda **changes: site(testers={TESTER: tester_numbers.TesterNumber("246810", clock().date())}, **changes)


@pytest.mark.parametrize("spelling", [TESTER, "13800000000", "+86 138 0000 0000", "0086-138-0000-0000"])
def test_a_tester_has_a_fixed_code_and_gets_no_message(with_tester, visit, first, second, spelling):
    shopper = visit(with_tester(), spelling)
    sms_id = shopper.send_code()
    assert shopper.ask_for_code().code == "sms_cooldown"
    assert shopper.verify(sms_id, "246810").status == 200
    assert first.asked == second.asked == []


def test_a_tester_s_resend_goes_nowhere_either(with_tester, visit, first, pass_time):
    shopper = visit(with_tester(), TESTER)
    sms_id = shopper.send_code()
    pass_time(61)
    assert shopper.resend(sms_id).status == 202
    assert first.asked == []


def test_a_code_of_a_tester_s_last_day_is_never_sent(with_tester, visit, first, second, clock, pass_time):
    """It is a fixed one: whoever has the phone would read it."""
    clock.advance(86399 - clock().timestamp() % 86400)
    shopper = visit(with_tester(), TESTER)
    sms_id = shopper.send_code()
    pass_time(61)
    assert shopper.resend(sms_id).status == 202
    assert first.asked == second.asked == []
    assert shopper.verify(sms_id, "246810").status == 200


def test_past_the_last_day_a_tester_is_a_shopper_like_any_other(with_tester, visit, first, clock):
    shopper = visit(with_tester(), TESTER)
    clock.advance(86400)
    sms_id = shopper.send_code()
    assert [message.to for message in first.messages] == [TESTER]
    if first.messages[0].code != "246810":
        assert shopper.verify(sms_id, "246810").code == "code_incorrect"
    assert shopper.verify(sms_id, first.messages[0].code).status == 200


def test_testers_spend_no_budget_and_save_none_up(with_tester, visit, first, pass_time):
    client = with_tester(unverified_per_region=1, budget_per_hour=2)
    visit(client).send_code()
    tester = visit(client, TESTER)
    assert tester.verify(tester.send_code(), "246810").status == 200
    assert visit(client).ask_for_code().code == "sms_unavailable"


# The table of messages


def test_every_try_is_on_record_and_a_typed_code_too(site, visit, first, pass_time):
    first.answer = DOWN
    client = site()
    shopper = visit(client)
    shopper.register()
    said = client.app.test_cli_runner().invoke(args=["sms", "trace", shopper.phone]).output
    assert "2 tries" in said
    assert "code typed" in next(line for line in said.splitlines() if "second" in line)
    assert "could not be reached" in next(line for line in said.splitlines() if "first" in line)


def test_without_a_database_messages_are_sent_all_the_same(site, visit, first):
    client = site(database_url="sqlite:////nonexistent/x")
    visit(client).send_code("login")
    assert len(first.messages) == 1


def test_without_the_table_a_code_is_good_all_the_same(site, visit, engine):
    """What can't be noted of a code fails nobody who types it."""
    shopper = visit(site())
    sms_id = shopper.send_code()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sms_messages RENAME TO put_aside")
    try:
        assert shopper.verify(sms_id, shopper.last_code()).status == 200
        shopper.another().send_code()
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE put_aside RENAME TO sms_messages")


def test_a_single_gateway_is_a_chain_of_one(make_shopper, make_app, gateway):
    gateway.outcome = Outcome.NOT_SENT
    shopper = make_shopper(make_app())
    assert shopper.ask_for_code().code == "sms_unavailable"
    gateway.outcome = Outcome.SENT
    assert shopper.register()
