"""Codes that a crowd asks for, guesses and uses: one message, five guesses, one success."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.clients import Reply
from tests.parallel import in_parallel
from tests.races.crowd import at_once, connected, inbox, settled, told_apart
from tests.servers.live import LiveServer
from tests.shopper import new_phone
from tests.timetravel import age_redis

pytestmark = pytest.mark.one_database

ROUNDS = 50


def rounds(live: LiveServer, count: int = ROUNDS) -> Iterator[Callable[..., list[Reply]]]:
    """As often: a crowd of a hundred that calls together, over the same connections each time."""
    with connected(live, 100) as clients:
        for _ in range(count):
            yield lambda call: in_parallel(100, lambda i: settled(lambda: call(clients[i], i)))


def spellings(phone: str) -> list[str]:
    """One number as different people type it."""
    digits = phone.removeprefix("+86")
    parts = (digits[:3], digits[3:7], digits[7:])
    full_width = digits.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"})
    return [
        phone,
        digits,
        "+86 " + " ".join(parts),
        "0086" + digits,
        "0086-" + "-".join(parts),
        full_width,
        "+86 (" + parts[0] + ") " + parts[1] + "." + parts[2],
        "＋８６" + full_width,
    ]


def test_of_a_hundred_sends_to_one_phone_one_goes_out(live, live_client):
    """R17, R14: however the number is spelled, it is one phone with one cooldown."""
    for _ in range(3):
        phone = new_phone()
        typed = spellings(phone)
        replies = at_once(
            live,
            100,
            lambda client, i, typed=typed: client.post(
                "/v1/sms", json={"phone": typed[i % len(typed)], "purpose": ("register", "login")[i % 2]}
            ),
        )
        assert told_apart(replies) == {"202": 1, "429 sms_cooldown": 99}
        for refused in (reply for reply in replies if reply.status == 429):
            assert 1 <= int(refused.headers["Retry-After"]) == refused.json["retry_after"] <= 60
        assert [message["to"] for message in inbox(live_client)].count(phone) == 1


def test_sends_and_resends_share_the_next_minute(live, live_shopper, redis):
    """R17: when the cooldown is over, one of a hundred sends and resends goes out."""
    sms_id = live_shopper.send_code()
    age_redis(redis, 60)
    body = {"phone": live_shopper.phone, "purpose": "register"}

    def call(client, i):
        return client.post(f"/v1/sms/{sms_id}/resend") if i % 2 else client.post("/v1/sms", json=body)

    assert told_apart(at_once(live, 100, call)) == {"202": 1, "429 sms_cooldown": 99}
    assert len(inbox(live_shopper.client)) == 2


@pytest.mark.mysql
def test_a_right_code_works_once(live, live_shopper):
    """R1: of a hundred that show the right code together, one gets the ticket."""
    for crowd in rounds(live):
        somebody = live_shopper.another()
        sms_id = somebody.send_code()
        body = {"code": somebody.last_code()}
        replies = crowd(lambda client, i, path=f"/v1/sms/{sms_id}/verify", body=body: client.post(path, json=body))
        assert told_apart(replies) == {"200": 1, "410 code_expired": 99}


def test_five_guesses_are_evaluated_and_the_right_code_comes_too_late(live, live_shopper):
    """R2: a hundred wrong guesses at once are five guesses."""
    for crowd in rounds(live):
        somebody = live_shopper.another()
        sms_id = somebody.send_code()
        right = somebody.last_code()
        wrong = [f"{(int(right) + 1 + i) % 1_000_000:06}" for i in range(100)]
        replies = crowd(
            lambda client, i, path=f"/v1/sms/{sms_id}/verify", wrong=wrong: client.post(path, json={"code": wrong[i]})
        )
        assert told_apart(replies) == {"422 code_incorrect": 5, "410 code_expired": 95}
        assert sorted(reply.json["attempts_left"] for reply in replies if reply.status == 422) == [0, 1, 2, 3, 4]
        assert somebody.verify(sms_id, right).code == "code_expired"


def test_guesses_beside_the_right_code_win_nothing_more(live, live_shopper):
    """R1, R2: right and wrong codes together: one success at most, five evaluations at most."""
    for crowd in rounds(live, 10):
        somebody = live_shopper.another()
        sms_id = somebody.send_code()
        codes = itertools.cycle((somebody.last_code(), somebody.wrong_code()))
        bodies = [{"code": next(codes)} for _ in range(100)]
        replies = crowd(
            lambda client, i, path=f"/v1/sms/{sms_id}/verify", bodies=bodies: client.post(path, json=bodies[i])
        )
        kinds = told_apart(replies)
        assert kinds.get("200", 0) <= 1
        assert kinds.get("200", 0) + kinds.get("422 code_incorrect", 0) <= 5
        assert kinds.keys() <= {"200", "422 code_incorrect", "410 code_expired"}
        assert somebody.verify(sms_id, bodies[0]["code"]).code == "code_expired"


@pytest.mark.settings(SMS_COOLDOWN_SECONDS=0, SMS_WRONG_GUESSES_PER_DAY=17)
def test_without_a_cooldown_there_are_hourly_sends_and_daily_guesses(live, live_client):
    """R8, R17: five sends in the hour, and one budget of wrong guesses over all of their codes."""
    body = {"phone": new_phone(), "purpose": "register"}
    replies = at_once(live, 100, lambda client, i: client.post("/v1/sms", json=body))
    assert told_apart(replies) == {"202": 5, "429 sms_hourly_limit": 95}

    codes = {message["sms_id"]: message["code"] for message in inbox(live_client)}
    assert len(codes) == 5
    paths = [f"/v1/sms/{sms_id}/verify" for sms_id in codes]
    wrong = next(code for i in range(6) if (code := f"{i:06}") not in codes.values())
    replies = at_once(live, 100, lambda client, i: client.post(paths[i % 5], json={"code": wrong}))
    kinds = told_apart(replies)
    assert kinds["422 code_incorrect"] == 17
    assert kinds.keys() <= {"422 code_incorrect", "410 code_expired", "429 rate_limited"}
    for sms_id, code in codes.items():
        assert live_client.post(f"/v1/sms/{sms_id}/verify", json={"code": code}).code in (
            "rate_limited",
            "code_expired",
        )


@pytest.mark.mysql
def test_a_right_code_logs_in_once(live, live_shopper, redis):
    """R1: a hundred logins with one code are one session, and those that the account's limit lets through come too late."""
    live_shopper.register()
    before = len(live_shopper.sessions())
    for i in range(1, 6):
        age_redis(redis, 3600)
        body = {"sms_id": live_shopper.send_code("login"), "code": live_shopper.last_code()}
        kinds = told_apart(at_once(live, 100, lambda client, _, body=body: client.post("/v1/login", json=body)))
        assert kinds.pop("200") == 1
        assert kinds.keys() <= {"410 code_expired", "429 rate_limited"}
        assert kinds["410 code_expired"] >= 9
        assert len(live_shopper.sessions()) == before + i


def test_logins_and_verifications_guess_out_of_one_challenge(live, live_shopper):
    """R2, R9: a code for a login has five attempts there, and none where tickets are given."""
    live_shopper.register()
    phone = live_shopper.another().phone
    sms_id = live_shopper.send_code("login", phone)
    body = {"sms_id": sms_id, "code": live_shopper.wrong_code(phone)}

    def call(client, i):
        if i % 2:
            return client.post(f"/v1/sms/{sms_id}/verify", json={"code": body["code"]})
        return client.post("/v1/login", json=body)

    replies = at_once(live, 100, call)
    assert told_apart(replies[::2]) == {"422 code_incorrect": 5, "410 code_expired": 5, "429 rate_limited": 40}
    assert told_apart(replies[1::2]) == {"410 code_expired": 50}


def test_the_limit_of_an_account_holds_in_a_crowd(live, live_shopper):
    """R14: ten passwords a minute are tried on an account, however many come together and however they spell it."""
    live_shopper.register()
    names = (live_shopper.username, live_shopper.username.upper())
    replies = at_once(
        live, 100, lambda client, i: client.post("/v1/login", json={"account": names[i % 2], "password": f"no {i}"})
    )
    assert told_apart(replies) == {"401 invalid_credentials": 10, "429 rate_limited": 90}
