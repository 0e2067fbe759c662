"""When work is asked for, and of whom."""

import pytest
from altcha import Challenge, Payload, solve_challenge

from tests.clients import InProcessClient
from tests.shopper import new_phone

HEADER = "X-Challenge-Solution"


def solve(challenge: dict) -> str:
    """As the widget does."""
    parsed = Challenge.from_dict(challenge)
    return Payload(parsed, solve_challenge(parsed)).to_base64()


@pytest.fixture
def app(make_app):
    return make_app(challenge="adaptive")


def ask(client, phone=None, **options):
    return client.post("/v1/sms", json={"phone": phone or new_phone(), "purpose": "register"}, **options)


def test_an_address_in_debt_is_asked_for_work(app):
    client = InProcessClient(app, "203.0.113.5")
    assert [ask(client).status for _ in range(5)] == [202] * 5
    refused = ask(client)
    assert (refused.status, refused.code) == (403, "challenge_required")
    payload = solve(refused.json["challenge"])
    assert ask(client, headers={HEADER: payload}).status == 202
    assert ask(client, headers={HEADER: payload}).code == "challenge_required"
