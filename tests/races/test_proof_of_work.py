"""Work that many requests bring together, and debts that they make together."""

import pytest

from tests.races.crowd import at_once, told_apart
from tests.work import HEADER, solve

pytestmark = pytest.mark.one_database


@pytest.mark.settings(CHALLENGE="always")
def test_of_a_hundred_requests_with_one_solution_one_is_let_through(live, live_client):
    headers = {HEADER: solve(live_client.get("/v1/challenge").json)}

    def guess(client, i):
        return client.post("/v1/login", json={"account": f"nobody-{i}", "password": "wrong"}, headers=headers)

    assert told_apart(at_once(live, 100, guess)) == {"401 invalid_credentials": 1, "403 challenge_required": 99}


@pytest.mark.settings(CHALLENGE="adaptive")
def test_of_a_hundred_numbers_at_once_an_address_gets_as_many_as_it_may_owe(live):

    def ask(client, i):
        return client.post("/v1/sms", json={"phone": f"+86136{i:04}0000", "purpose": "register"})

    assert told_apart(at_once(live, 100, ask)) == {"202": 10, "403 challenge_required": 90}


@pytest.mark.settings(CHALLENGE="adaptive")
def test_a_hundred_orders_for_one_phone_meet_its_cooldown_and_no_work(live):
    orders = at_once(
        live, 100, lambda client, i: client.post("/v1/sms", json={"phone": "13800138000", "purpose": "register"})
    )
    assert told_apart(orders) == {"202": 1, "429 sms_cooldown": 99}
