"""The settings of the tests: the product's defaults, but for what would make the suite slow or trip over itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
PLENTY = "1000000/minute"
SECRET = "a-secret-of-the-tests-that-is-long-enough-0123456789"
SERVICE, SERVICE_SECRET = "orders", "the-secret-of-a-service-0123456789"
SETTINGS = {
    "SECRET_KEYS": SECRET,
    # Keys that come and go by themselves would confuse those who look into Redis; tests of jobs switch them on.
    "JOBS": "off",
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_ITERATIONS": "1",
    "HASH_QUEUE": "1000",
    "HASH_PATIENCE_SECONDS": "20",
    # A machine that is busy with other things is no outage.
    "REDIS_TIMEOUT_SECONDS": "3",
    "DATABASE_TIMEOUT_SECONDS": "5",
    # The phones of the tests are neighbours, and most never verify.
    "SMS_UNVERIFIED_PER_PREFIX": "none",
    # They owe a lot for that; whoever tests the proof of work switches it on.
    "CHALLENGE": "off",
    "LIMIT_SMS_PER_ADDRESS": PLENTY,
    "LIMIT_VERIFY_PER_ADDRESS": PLENTY,
    "LIMIT_REGISTER_PER_ADDRESS": PLENTY,
    "LIMIT_LOGIN_PER_ADDRESS": PLENTY,
    "LIMIT_AVAILABILITY_PER_ADDRESS": PLENTY,
    "LIMIT_REFRESH_PER_ADDRESS": PLENTY,
    "LIMIT_CHALLENGE_PER_ADDRESS": PLENTY,
    "LIMIT_RENAME_PER_ACCOUNT": PLENTY,
    "LIMIT_INTROSPECT_PER_ADDRESS": PLENTY,
    "INTROSPECTION_CLIENTS": f"{SERVICE}:{SERVICE_SECRET}",
}


def environment(instance: Path, database_url: str, redis_url: str, **settings: object) -> dict[str, str]:
    """An environment with these settings and none of the surrounding shell's."""
    surroundings = {name: os.environ[name] for name in KEPT if name in os.environ}
    places = {"INSTANCE_DIR": str(instance), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    return surroundings | SETTINGS | places | {name: str(value) for name, value in settings.items()}


@contextmanager
def environment_of(env: dict[str, str]) -> Iterator[None]:
    """Let this process have the environment ``env`` for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
