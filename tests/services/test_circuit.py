"""A part that fails is left alone for a second, then one call finds out whether it is back."""

import pytest

from services.circuit import FAILURES, OPEN_SECONDS, Circuit, CircuitOpen
from tests.parallel import in_parallel


class Stopwatch:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Stopwatch()


@pytest.fixture
def circuit(watch):
    return Circuit(watch)


def is_open(circuit):
    try:
        circuit.enter()
    except CircuitOpen:
        return True
    return False


def fail(circuit, times=1, slow=False):
    for _ in range(times):
        circuit.enter()
        circuit.leave(failed=True, slow=slow)


def test_quick_failures_open_it_when_there_are_several_in_a_row(circuit):
    fail(circuit, FAILURES - 1)
    circuit.enter()
    circuit.leave(failed=False)
    fail(circuit, FAILURES - 1)
    assert not is_open(circuit)
    circuit.leave(failed=True)
    assert is_open(circuit)


def test_one_that_cost_time_opens_it_at_once(circuit):
    fail(circuit, slow=True)
    assert is_open(circuit)


def test_after_a_while_one_of_many_finds_out(circuit, watch):
    fail(circuit, slow=True)
    watch.now += OPEN_SECONDS
    assert in_parallel(20, lambda _: is_open(circuit)).count(False) == 1
    circuit.leave(failed=True)
    assert is_open(circuit)
    watch.now += OPEN_SECONDS
    assert not is_open(circuit)
    circuit.leave(failed=False)
    assert not is_open(circuit)


def test_one_who_went_to_find_out_and_never_came_back_holds_up_nobody(circuit, watch):
    fail(circuit, slow=True)
    watch.now += OPEN_SECONDS
    assert [is_open(circuit), is_open(circuit)] == [False, True]
    watch.now += OPEN_SECONDS
    assert not is_open(circuit)
