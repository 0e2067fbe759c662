"""What a copy of Redis, the database or the logs gives away: nothing."""

import re

import pytest
from redis import Redis
from sqlalchemy import text

from tests.parallel import in_parallel
from tests.secrecy import FRACTIONS, without_hours
from tests.waiting import wait_until

VISITS, AT_ONCE = 100, 5


def dump_redis(redis: "Redis[bytes]") -> str:
    """All keys, fields and values."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
    return "\n".join(f"{key!r} {readers[redis.type(key)](key)!r}" for key in redis.keys())  # noqa: SIM118


def dump_database(engine) -> str:
    with engine.connect() as connection:
        return "\n".join(
            repr(connection.execute(text(f"SELECT * FROM {table}")).all()) for table in ("users", "sessions")
        )


def walk(shopper):
    """A visit that touches every secret: registered, guessed, logged in by code, refreshed; and one still waiting."""
    secrets = [shopper.password]
    shopper.register()
    secrets += [shopper.last_code(), shopper.access_token, shopper.refresh_token]
    shopper.login_by_code()
    secrets += [shopper.last_code(), shopper.access_token, shopper.refresh_token]
    shopper.refresh()
    shopper.send_code("confirm")
    shopper.send_code("reset_password")
    return [*secrets, shopper.last_code(), shopper.access_token, shopper.refresh_token]


def found(secrets, dump):
    """Which of them stand in a dump as words of their own."""
    dump = FRACTIONS.sub("", dump)
    there = [secret for secret in secrets if secret in dump]
    return [secret for secret in there if re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", dump)]


@pytest.mark.settings(SMS_COOLDOWN_SECONDS=0)
def test_no_code_phone_or_token_lies_about(live, live_shopper, redis, engine):
    """R7: after a hundred visits over HTTP, neither Redis nor the log has a code, a full phone, a password or a token."""
    start = len(live.log)
    shoppers = [live_shopper.another() for _ in range(VISITS)]
    walks = in_parallel(AT_ONCE, lambda i: [walk(shopper) for shopper in shoppers[i::AT_ONCE]])
    secrets = [secret for visits in walks for seen in visits for secret in seen]
    phones = [shopper.phone.removeprefix("+86") for shopper in shoppers]
    wait_until(lambda: live.log[start:].count("sms_console") >= VISITS)
    in_redis, in_log = without_hours(dump_redis(redis)), live.log[start:]
    assert "sms:" in in_redis
    assert "sms_console" in in_log
    assert found(secrets, in_redis) == found(secrets, in_log) == found(secrets, dump_database(engine)) == []
    assert [phone for phone in phones if phone in in_redis or phone in in_log] == []


def test_the_log_has_one_line_for_a_message_with_its_phone_masked(live, live_shopper):
    """R7: what the console gateway prints."""
    start = len(live.log)
    live_shopper.send_code()
    wait_until(lambda: "sms_tried" in live.log[start:])
    (line,) = [line for line in live.log[start:].splitlines() if "sms_console" in line]
    assert f"+86139****{live_shopper.phone[-4:]}" in line
    assert "******" in line
