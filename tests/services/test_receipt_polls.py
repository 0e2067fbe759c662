"""Asking vendors for receipts: what a run asks, when it stops, and what two runs at once do."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from services.keyring import Keyring
from services.pending_receipts import PendingReceipts
from services.receipt_polls import FAULTS, PAGES, QUESTIONS, NotingGateway, QueryPoll, QueuePoll
from sms.gateway import Delivery, Outcome
from sms.receipts import Receipt, Report
from tests.parallel import in_parallel
from tests.services.gateways import DOWN, PHONE, UNKNOWN, ScriptedGateway, a_log, a_message
from tests.settings import SECRET
from tests.timetravel import age_redis

pytestmark = pytest.mark.one_database

AT = datetime(2026, 11, 23, 8, 0, 4, tzinfo=UTC)
EVER = timedelta(days=3650)


class Queue:
    """A vendor's queue of pages."""

    name = "tencent"

    def __init__(self, *reports):
        self.reports = list(reports)
        self.pulls = 0

    def pull(self):
        self.pulls += 1
        return self.reports.pop(0) if self.reports else Report()


class Query:
    """A vendor that says of each message what it was told to, and of the others nothing yet."""

    name = "aliyun"

    def __init__(self, **reports):
        self.reports = reports
        self.fault = None
        self.asked = []

    def ask(self, phone, message_id, sent_at):
        self.asked.append(message_id)
        return Report(fault=self.fault) if self.fault else self.reports.get(message_id, Report())


@pytest.fixture
def log(database_url, clock):
    return a_log(database_url, clock)


@pytest.fixture
def pending(redis, clock):
    return PendingReceipts("aliyun", redis, Keyring([SECRET]), clock)


@pytest.fixture
def poll(pending, log):
    return lambda query, log=log: QueryPoll(query, pending, log, structlog.get_logger())


def queue_poll(queue, log):
    return QueuePoll(queue, log, structlog.get_logger())


def report(message_id, delivered=True, more=False):
    return Report((Receipt(message_id, delivered, "DELIVERED", AT),), more=more)


def sent(log, gateway, *ids):
    for message_id in ids:
        log.record(gateway, a_message(message_id=message_id), Delivery(Outcome.SENT, message_id=message_id))


def receipts(log):
    return {row.vendor_message_id: row.receipt for row in log.trace(PHONE, EVER)}


def test_a_queue_is_emptied_page_by_page(log):
    sent(log, "tencent", "1", "2", "3")
    queue = Queue(report("1", more=True), report("2", delivered=False, more=True), report("3"), report("never"))
    assert queue_poll(queue, log).run() == 3
    assert receipts(log) == {"1": "delivered", "2": "failed", "3": "delivered"}
    assert queue.pulls == 3


def test_a_queue_without_an_end_is_left_after_some_pages(log):
    queue = Queue(*[report("unknown", more=True)] * (PAGES + 5))
    assert queue_poll(queue, log).run() == 0
    assert queue.pulls == PAGES


def test_a_queue_that_fails_is_a_line_in_the_log(log):
    queue = Queue(Report(fault="UnsupportedOperation"))
    with capture_logs() as logs:
        assert queue_poll(queue, log).run() == 0
    assert logs == [
        {"event": "receipts_unread", "log_level": "warning", "gateway": "tencent", "fault": "UnsupportedOperation"}
    ]


def test_receipts_that_can_not_be_written_are_held_and_no_more_pulled(log):
    """The vendor hands out a page once."""

    class Outage:
        is_over = False

        def check(self):
            log.check()

        def receive(self, gateway, receipts):
            if receipts and not self.is_over:
                raise OperationalError("INSERT", {}, Exception())
            return log.receive(gateway, receipts)

    sent(log, "tencent", "1", "2")
    queue, outage = Queue(report("1", more=True), report("2")), Outage()
    poll = queue_poll(queue, outage)
    for _ in range(3):
        with pytest.raises(OperationalError):
            poll.run()
    assert queue.pulls == 1
    outage.is_over = True
    assert poll.run() == 2
    assert receipts(log) == {"1": "delivered", "2": "delivered"}
    assert poll.run() == 0


def test_while_the_database_is_away_nothing_is_pulled(clock):
    """A process that ends after its run could not hold it."""
    queue = Queue(report("1"))
    with pytest.raises(OperationalError):
        queue_poll(queue, a_log("sqlite:////nonexistent/x", clock)).run()
    assert queue.pulls == 0


def noted(pending, redis, *ids):
    for message_id in ids:
        pending.note(PHONE, message_id)
        age_redis(redis, 0.002)
    age_redis(redis, 61)


def test_what_has_arrived_or_failed_is_kept_and_asked_for_no_more(poll, pending, log, redis):
    sent(log, "aliyun", "a", "b", "c")
    noted(pending, redis, "a", "b", "c")
    query = Query(a=report("a"), b=report("b", delivered=False))
    assert poll(query).run() == 2
    assert receipts(log) == {"a": "delivered", "b": "failed", "c": None}
    age_redis(redis, 300)
    poll(query).run()
    assert query.asked == ["a", "b", "c", "c"]


def test_a_run_asks_so_much_and_no_more(poll, pending, redis):
    noted(pending, redis, *(f"{i}" for i in range(QUESTIONS + 3)))
    query = Query()
    poll(query).run()
    assert len(query.asked) == QUESTIONS
    poll(query).run()
    assert len(query.asked) == len(set(query.asked)) == QUESTIONS + 3


def test_a_vendor_that_fails_ends_the_run_and_costs_one_message_one_question(poll, pending, redis):
    noted(pending, redis, "a", "b", "c")
    query = Query()
    query.fault = "Throttling.User"
    with capture_logs() as logs:
        poll(query).run()
    assert [(line["event"], line["gateway"], line["fault"]) for line in logs] == [
        ("receipts_unread", "aliyun", "Throttling.User")
    ]
    query.fault = None
    poll(query).run()
    assert query.asked == ["a", "b", "c"]
    age_redis(redis, 300)
    poll(query).run()
    assert sorted(query.asked[3:]) == ["a", "b", "c"]


def refused(*ids):
    return {message_id: Report(fault="isv.MOBILE_NUMBER_ILLEGAL", of_message=True) for message_id in ids}


def test_a_number_that_the_vendor_refuses_costs_the_others_nothing(poll, pending, log, redis):
    sent(log, "aliyun", "a", "b", "c")
    noted(pending, redis, "a", "b", "c")
    query = Query(**refused("a"), b=report("b"), c=report("c"))
    with capture_logs() as logs:
        assert poll(query).run() == 2
    assert query.asked == ["a", "b", "c"]
    assert [line["fault"] for line in logs if line["log_level"] != "debug"] == ["isv.MOBILE_NUMBER_ILLEGAL"]


def test_a_vendor_that_refuses_one_number_after_the_other_ends_the_run(poll, pending, redis):
    ids = [f"{i}" for i in range(FAULTS + 3)]
    noted(pending, redis, *ids)
    query = Query(**refused(*ids))
    poll(query).run()
    assert query.asked == ids[:FAULTS]


def test_runs_at_once_ask_for_each_message_once(poll, pending, log, redis):
    ids = [f"{i}" for i in range(40)]
    sent(log, "aliyun", *ids)
    noted(pending, redis, *ids)
    query = Query(**{message_id: report(message_id) for message_id in ids})
    counts = in_parallel(8, lambda _: poll(query).run())
    assert sum(counts) == 40
    assert sorted(query.asked) == sorted(ids)
    assert set(receipts(log).values()) == {"delivered"}


def test_a_receipt_that_can_not_be_written_is_asked_for_again(poll, pending, log, redis, clock):
    sent(log, "aliyun", "a")
    noted(pending, redis, "a")
    query = Query(a=report("a"))
    with pytest.raises(OperationalError):
        poll(query, a_log("sqlite:////nonexistent/x", clock)).run()
    age_redis(redis, 300)
    assert poll(query).run() == 1
    assert receipts(log) == {"a": "delivered"}


@pytest.mark.parametrize("first", ["callback", "poll"])
def test_a_callback_and_a_poll_together_change_nothing(poll, pending, log, redis, first):
    sent(log, "aliyun", "a")
    noted(pending, redis, "a")
    kept = []
    acts = [
        lambda: log.receive("aliyun", [Receipt("a", True, "DELIVERED", AT)]),
        poll(Query(a=report("a"))).run,
    ]
    for act in acts if first == "callback" else reversed(acts):
        act()
        kept.append(log.trace(PHONE, EVER))
    assert kept[0] == kept[1]
    assert (kept[0][0].receipt, kept[0][0].receipt_at.replace(tzinfo=UTC)) == ("delivered", AT)


# Noting


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (Delivery(Outcome.SENT, message_id="1^0"), 2),
        (Delivery(Outcome.SENT), 0),
        (UNKNOWN, 0),
        (Delivery(Outcome.UNKNOWN, message_id="1^0"), 0),
        (DOWN, 0),
    ],
)
def test_only_what_was_sent_and_has_a_name_is_noted(pending, redis, answer, count):
    gateway = NotingGateway(ScriptedGateway("aliyun", answer), pending, structlog.get_logger())
    assert gateway.name == "aliyun"
    assert gateway.send(a_message()) == answer
    assert len(redis.keys("receipts:*")) == count


def test_what_can_not_be_noted_has_been_sent_all_the_same():
    class Away:
        def note(self, phone, message_id):
            raise RedisAway(f"no place for {phone}")

    answer = Delivery(Outcome.SENT, message_id="1^0")
    gateway = NotingGateway(ScriptedGateway("aliyun", answer), Away(), structlog.get_logger())
    with capture_logs() as logs:
        assert gateway.send(a_message()) == answer
    assert logs == [
        {"event": "receipt_unnoted", "log_level": "warning", "gateway": "aliyun", "error": "ConnectionError"}
    ]
