"""``flask sms …``: what it prints, and how it ends."""

import re
from datetime import date

import pytest

from services import tester_numbers
from services.breakers import FAILURES, Breakers
from sms.gateway import Delivery, Outcome, Reason
from tests.clients import InProcessClient
from tests.services.gateways import PHONE, Receipt, ScriptedGateway, a_log, a_message, not_sent
from tests.shopper import Shopper


@pytest.fixture
def tencent():
    return ScriptedGateway("tencent")


@pytest.fixture
def run(make_app, tencent):
    """Run ``flask sms`` with these words; exit code and what it said."""
    app = make_app(gateways=[tencent, ScriptedGateway("aliyun")])

    def run(*words):
        result = app.test_cli_runner().invoke(args=["sms", *words])
        return result.exit_code, result.output

    return run


@pytest.fixture
def log(database_url, clock):
    return a_log(database_url, clock)


def test_a_trace_answers_why_no_code_came(run, log, clock):
    log.record("tencent", a_message(), not_sent(Reason.NO_CREDIT, vendor_code="FailedOperation.Insufficient"))
    log.record("aliyun", a_message(), Delivery(Outcome.SENT, message_id="biz"))
    log.verified(a_message().id)
    code, said = run("trace", "138 0013 8000")
    first, second, third, limits = said.splitlines()
    assert (code, first) == (0, "+86138****8000: 2 tries in 7 days")
    assert limits.startswith("Our limits now: 0 of 5")
    assert [word in second for word in ("aliyun", "sent", "no receipt", "code typed")] == [True] * 4
    assert [word in third for word in ("tencent", "no credit", "(FailedOperation.Insufficient)")] == [True] * 3
    assert f"{clock():%Y-%m-%d %H:%M:%S}Z" in second
    assert "13800138000" not in said
    assert max(map(len, said.splitlines())) < 160


def test_a_trace_shows_receipts(run, log, clock):
    log.record("tencent", a_message(), Delivery(Outcome.SENT, message_id="sid"))
    log.receive("tencent", [Receipt("sid", False, "MK:0010", clock())])
    assert f"failed {clock():%H:%M:%S}Z MK:0010  code not typed" in run("trace", PHONE)[1]


def test_a_trace_says_how_the_phone_stands_with_our_own_limits(run, make_app, redis, clock, pass_time):
    app = make_app(gateways=[ScriptedGateway("tencent")], sms_per_day=0)
    shopper = Shopper(InProcessClient(app), list, PHONE)
    sms_id = shopper.send_code()
    shopper.verify(sms_id, "000000")
    pass_time(61)
    shopper.resend(sms_id)
    pass_time(7)
    said = run("trace", PHONE)[1]
    limits = r"Our limits now: 2 of 5 messages in an hour, 2 of 10 in 24 hours, the last (\d+) s ago \(pause 60 s\)"
    assert 7 <= int(re.search(limits, said)[1]) < 20
    assert "1 of 50 wrong guesses." in said
    pass_time(3600)
    said = app.test_cli_runner().invoke(args=["sms", "trace", PHONE]).output
    assert "0 of 5 messages in an hour, 2 in 24 hours" in said


def test_a_trace_tells_of_gateways_left_alone_and_does_not_probe_them(run, redis):
    breakers = Breakers(redis, 30)
    for _ in range(FAILURES):
        breakers.report("aliyun", failed=True)
    for _ in range(2):
        said = run("trace", PHONE)[1]
    left = re.search(r"aliyun failed too often, and is left alone for (\d+) s more\.", said)
    assert 20 <= int(left[1]) <= 30
    assert "tencent failed" not in said


@pytest.mark.parametrize(
    ("until", "words"), [(None, "A test number: "), (date(2027, 1, 31), "number through 2027-01-31: ")]
)
def test_a_trace_knows_test_numbers(make_app, tencent, until, words):
    app = make_app(gateways=[tencent], testers={PHONE: tester_numbers.TesterNumber("246810", until)})
    assert words in app.test_cli_runner().invoke(args=["sms", "trace", PHONE]).output


def test_a_test_number_past_its_last_day_is_none(make_app, tencent, clock):
    tester = tester_numbers.TesterNumber("246810", clock().date())
    app = make_app(gateways=[tencent], testers={PHONE: tester})
    clock.advance(86400)
    assert "test number" not in app.test_cli_runner().invoke(args=["sms", "trace", PHONE]).output


def test_a_trace_names_the_budgets_that_are_spent_for_the_phone(make_app, tencent, clock):
    app = make_app(gateways=[tencent], budget_per_day=9, unverified_per_prefix=1)
    Shopper(InProcessClient(app), list, PHONE).send_code()
    left = 3600 - clock().timestamp() % 3600
    runner = app.test_cli_runner()
    assert (
        f"The budget of this hour's messages to its neighbours that nobody verified is spent for {left:.0f} s more."
        in runner.invoke(args=["sms", "trace", "+8613800131234"]).output
    )
    assert "is spent" not in runner.invoke(args=["sms", "trace", "+8613900000000"]).output


def test_a_trace_says_where_nothing_is_sent(run):
    assert "Its region is HK, which is not in SMS_REGIONS" in run("trace", "+85251234567")[1]
    assert "SMS_REGIONS" not in run("trace", PHONE)[1]


@pytest.mark.parametrize(("tries", "head", "lines"), [(50, "50 tries", 52), (51, "more than 50 tries", 53)])
def test_a_long_trace_ends_with_the_newest(run, log, clock, tries, head, lines):
    for i in range(tries):
        log.record("tencent", a_message(), not_sent(Reason.QUOTA, vendor_code=f"try-{i}"))
        clock.advance(1)
    said = run("trace", PHONE)[1]
    assert said.startswith(f"+86138****8000: {head} in 7 days\n")
    assert ("Only the newest 50 are shown" in said, "try-0)" in said) == (tries > 50, tries <= 50)
    assert f"(try-{tries - 1})" in said.splitlines()[1]
    assert len(said.splitlines()) == lines


def test_what_came_on_another_day_has_its_date(run, log, clock):
    log.record("tencent", a_message(), Delivery(Outcome.SENT, message_id="sid"))
    clock.advance(86400)
    log.receive("tencent", [Receipt("sid", True, "DELIVRD", clock())])
    log.verified(a_message().id)
    said = run("trace", PHONE)[1]
    assert f"delivered {clock():%Y-%m-%d %H:%M:%S}Z DELIVRD" in said
    assert f"code typed {clock():%Y-%m-%d %H:%M:%S}Z" in said


def test_what_a_budget_refused_is_in_trace_and_stats(make_app, tencent):
    app = make_app(gateways=[tencent], budget_per_hour=0)
    shopper = Shopper(InProcessClient(app), list, PHONE)
    for _ in range(2):
        shopper.ask_for_code()
    said = app.test_cli_runner().invoke(args=["sms", "trace", PHONE]).output
    assert said.startswith("+86138****8000: 2 tries in 7 days\n")
    assert "none      not_sent   our own budget is spent" in said
    said = app.test_cli_runner().invoke(args=["sms", "stats"]).output
    assert "refused for the budget 'hour': 2\n" in said


def test_a_trace_of_nothing_says_what_that_means(run):
    code, said = run("trace", PHONE, "--days", "2")
    assert (code, said.splitlines()[0]) == (0, "+86138****8000: 0 tries in 2 days")
    assert "Nothing was tried" in said


@pytest.mark.parametrize("words", [("trace", "nobody"), ("send", "--to", "12", "--gateway", "tencent")])
def test_what_is_no_number_is_refused(run, words):
    assert run(*words) == (1, "This is not a mobile number.\n")


def test_a_test_message_is_really_sent(run, tencent, log):
    tencent.answer = Delivery(Outcome.SENT, message_id="sid-1", vendor_code="Ok", request_id="r-1")
    code, said = run("send", "--to", "13800138000", "--gateway", "tencent", "--language", "en")
    assert (code, said.splitlines()) == (
        0,
        ["outcome     sent", "vendor code Ok", "message id  sid-1", "request id  r-1"],
    )
    (message,) = tencent.messages
    assert (message.to, message.language, message.purpose) == (PHONE, "en", "login")
    assert message.code in message.text
    assert message.code not in said
    assert "sent" in run("trace", PHONE)[1]


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.value)
def test_what_was_not_sent_is_explained(run, tencent, reason):
    tencent.answer = not_sent(reason, vendor_code="isv.SOMETHING")
    code, said = run("send", "--to", PHONE, "--gateway", "tencent")
    assert code == 1
    assert said.startswith(f"outcome     not_sent\nreason      {reason.value}: ")
    assert "vendor code isv.SOMETHING" in said


def test_what_may_have_been_sent_is_no_success(run, tencent):
    tencent.answer = Delivery(Outcome.UNKNOWN, fault="timeout")
    code, said = run("send", "--to", PHONE, "--gateway", "tencent")
    assert (code, said.splitlines()[:2]) == (1, ["outcome     unknown", "fault       timeout"])


def test_a_gateway_that_is_not_set_is_named(run):
    assert run("send", "--to", PHONE, "--gateway", "juhe") == (
        1,
        "The settings name tencent, aliyun; 'juhe' is not among them.\n",
    )


def test_stats_show_rates_by_gateway_and_region(run, log, clock):
    for i in range(4):
        log.record("tencent", a_message(message_id=f"{i}"), Delivery(Outcome.SENT, message_id=f"{i}"))
    log.record("aliyun", a_message("+85251234567"), not_sent(Reason.QUOTA))
    log.verified("1")
    code, said = run("stats")
    head, *lines = [line.split() for line in said.splitlines()]
    assert (code, head) == (0, ["gateway", "region", "tried", "unasked", "sent", "delivered", "verified"])
    assert lines == [
        ["aliyun", "HK", "1", "0", "0", "0", "0"],
        ["tencent", "CN", "4", "0", "4", "0", "(0%)", "1", "(25%)"],
    ]


def test_purging_keeps_what_is_younger(run, log, clock):
    log.record("tencent", a_message(), Delivery(Outcome.SENT))
    clock.advance(91 * 86400)
    log.record("tencent", a_message(), Delivery(Outcome.SENT))
    assert run("purge") == (0, "1 messages older than 90 days deleted\n")
    assert run("purge") == (0, "0 messages older than 90 days deleted\n")
