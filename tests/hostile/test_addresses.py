"""Whatever a client says of where it comes from, it is counted as who it is."""

import random

import pytest

NAMES = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
REQUESTS = 200


@pytest.mark.one_database
@pytest.mark.settings(LIMIT_VERIFY_PER_ADDRESS="30/minute")
def test_two_hundred_made_up_addresses_are_one(live_client, redis):
    """R11: the same request is the first that is refused, with such headers and without."""
    draw = random.Random(11)

    def claim():
        address = ".".join(str(draw.randrange(1, 255)) for _ in range(4))
        entry = draw.choice((address, f"{address}:{draw.randrange(1, 65536)}", f"2001:db8::{draw.randrange(65536):x}"))
        name = draw.choice(NAMES)
        return {name: f"for={entry}" if name == "Forwarded" else entry}

    def statuses(headers):
        redis.flushall()
        return [
            live_client.post("/v1/sms/x/verify", json={"code": "123456"}, headers=headers()).status
            for _ in range(REQUESTS)
        ]

    without = statuses(dict)
    assert without == [410] * 30 + [429] * (REQUESTS - 30)
    assert statuses(claim) == without
