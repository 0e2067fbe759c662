"""Two nodes on one database whose clocks are 20 s apart: what is repeated in time is judged by the database's."""

from datetime import timedelta

import pytest

from tests.clients import InProcessClient
from tests.parallel import in_parallel
from tests.timetravel import HandTurnedClock

pytestmark = pytest.mark.mysql


@pytest.fixture(params=[20, -20], ids=["ahead", "behind"])
def there(request, make_app, clock):
    """The other node, whose clock is ahead of the first's or behind it."""
    return InProcessClient(make_app(clock=HandTurnedClock(clock() + timedelta(seconds=request.param))))


def test_what_one_node_refreshed_is_repeated_at_the_other(shopper, there, rows):
    """R24, R31, F28: a lost reply is asked for again wherever the balancer sends the client."""
    old = shopper.register()["refresh_token"]
    shopper.refresh()
    rows.age_refreshes(seconds=5)
    again = shopper.on(there).refresh(old)
    assert rows.sessions(counter=2, ended_at=None) == 1
    assert shopper.try_refresh(again["refresh_token"]).status == 200


def test_tabs_refresh_at_once_at_both_nodes(shopper, there, rows):
    """R22, R31: one generation, whichever node is first, and the session lives."""
    old = shopper.register()["refresh_token"]
    nodes = [shopper, shopper.on(there)]
    for generation in range(2, 5):
        replies = in_parallel(20, lambda i, old=old: nodes[i % 2].try_refresh(old))
        assert [reply.status for reply in replies] == [200] * 20
        assert rows.sessions(counter=generation, ended_at=None) == 1
        old = replies[generation].json["refresh_token"]


def test_a_repeat_after_the_grace_ends_the_session_at_either_node(shopper, there, rows):
    """R23, R31: clocks that differ give a thief no second more than the grace."""
    old = shopper.register()["refresh_token"]
    shopper.refresh()
    rows.age_refreshes(seconds=10.001)
    assert shopper.on(there).try_refresh(old).code == "refresh_reused"
    assert shopper.try_refresh().code == "refresh_invalid"
