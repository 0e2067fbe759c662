"""Nobody waits for a gateway longer than the deadline, and no more than may."""

import threading
import time

import pytest

from sms.deadline import Deadline
from sms.gateway import Delivery, Outcome, Reason
from sms.memory import MemoryGateway
from tests.gateways.messages import a_message
from tests.gateways.standin import Fault
from tests.parallel import in_parallel
from tests.waiting import wait_until

BUSY = Delivery(Outcome.NOT_SENT, Reason.BUSY)
SOON = 3  # seconds, on a busy machine: drops come for 15 and more
LATE = Delivery(Outcome.UNKNOWN, fault="deadline")


class Gate:
    """A gateway that answers when it is opened."""

    name = "gate"

    def __init__(self):
        self.opened = threading.Event()
        self.asked = []

    def send(self, message):
        self.asked.append(message)
        self.opened.wait(10)
        return Delivery(Outcome.SENT, message_id="m-1")


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


def elapsed(call):
    start = time.monotonic()
    result = call()
    return result, time.monotonic() - start


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.DRIP_BODY])
def test_a_dripping_answer_outlasts_the_read_timeout_but_not_the_deadline(templated, fault):
    """F21: the trap itself first: without the deadline the SDK is held for as long as the drops come."""
    standin = templated.standin
    standin.fault, standin.pace = fault, 0.05
    held = threading.Timer(1.4, standin.release)
    held.start()
    assert templated.gateway(read_timeout=1.0).send(a_message()).outcome is Outcome.UNKNOWN
    assert standin.released.is_set()
    standin.reset()
    standin.fault, standin.pace = fault, 0.1
    gateway = Deadline(templated.gateway(), 0.4, threading.BoundedSemaphore(1))
    delivery, seconds = elapsed(lambda: gateway.send(a_message()))
    assert delivery == LATE
    assert 0.35 < seconds < SOON
    assert gateway.send(a_message()) == BUSY
    wait_until(lambda: standin.requests, "the request")
    assert len(standin.requests) == 1
    standin.release()
    wait_until(lambda: gateway.send(a_message()).outcome is Outcome.SENT)


def test_a_dripping_webhook_is_left_at_the_deadline(webhook):
    webhook.standin.fault, webhook.standin.pace = Fault.DRIP, 0.1
    gateway = Deadline(webhook.gateway(), 0.4, threading.BoundedSemaphore(1))
    delivery, seconds = elapsed(lambda: gateway.send(a_message()))
    assert (delivery, seconds < SOON) == (LATE, True)


def test_an_answer_in_time_is_passed_on():
    memory = MemoryGateway()
    gateway = Deadline(memory, 10, threading.BoundedSemaphore(1))
    message = a_message()
    assert gateway.name == "memory"
    for outcome in Outcome:
        memory.outcome = outcome
        assert gateway.send(message).outcome is outcome
    assert memory.messages == [message, message]


def test_a_call_past_the_deadline_keeps_its_place_until_it_ends(gate):
    gateway = Deadline(gate, 0.05, threading.BoundedSemaphore(2))
    assert [gateway.send(a_message()) for _ in range(2)] == [LATE, LATE]
    assert gateway.send(a_message()) == BUSY
    wait_until(lambda: len(gate.asked) == 2, "both calls")
    gate.opened.set()
    wait_until(lambda: gateway.send(a_message()).outcome is Outcome.SENT)


def test_without_a_place_the_answer_comes_at_once(gate):
    """F24: 50 at a time, three places: 47 are turned away before the first three end."""
    gateway = Deadline(gate, 5, threading.BoundedSemaphore(3))
    turned_away = []

    def send(_):
        delivery = gateway.send(a_message())
        if delivery == BUSY:
            turned_away.append(delivery)
            if len(turned_away) == 47:
                gate.opened.set()
        return delivery

    deliveries = in_parallel(50, send)
    assert [deliveries.count(BUSY), len(gate.asked)] == [47, 3]
    assert sum(delivery.outcome is Outcome.SENT for delivery in deliveries) == 3


def test_gateways_may_share_their_places(gate):
    """While one hangs, the other is not asked either: no more threads wait in gateways than there are places."""
    places = threading.BoundedSemaphore(1)
    hanging, healthy = Deadline(gate, 0.05, places), Deadline(MemoryGateway(), 1, places)
    assert [hanging.send(a_message()), healthy.send(a_message())] == [LATE, BUSY]
    gate.opened.set()
    wait_until(lambda: healthy.send(a_message()).outcome is Outcome.SENT)


def test_no_place_is_lost(gate):
    """Hundreds of calls from many threads, in time, late and failing: in the end all places are free."""
    gate.opened.set()
    gateway = Deadline(gate, 5, threading.BoundedSemaphore(4))
    in_parallel(20, lambda _: [gateway.send(a_message()) for _ in range(20)])
    gate.opened.clear()
    gateway._seconds = 0.05
    assert [gateway.send(a_message()) for _ in range(5)] == [LATE] * 4 + [BUSY]


def test_what_the_gateway_raises_is_raised_and_frees_the_place():
    class Broken:
        name = "broken"

        def send(self, message):
            raise TimeoutError("ours")

    gateway = Deadline(Broken(), 10, threading.BoundedSemaphore(1))
    for _ in range(3):
        with pytest.raises(TimeoutError, match="ours"):
            gateway.send(a_message())


def test_a_waiting_call_does_not_hold_up_the_end_of_the_process(gate):
    before = threading.enumerate()
    Deadline(gate, 0.05, threading.BoundedSemaphore(1)).send(a_message())
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "sms-gate" and thread not in before)
    assert thread.daemon
