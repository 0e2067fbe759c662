"""What a start finds out about Redis: an evicting one is refused, and one that is on its way out is waited for."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from api.bad_setting import BadSetting
from api.config import ROOT
from api.redis_check import check_redis
from tests.servers.process import temporary_folder
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database

EMBED = """
import sys, time
from pathlib import Path
from api.embedded_redis import EmbeddedRedis
folder = Path(sys.argv[1])
redis = EmbeddedRedis(folder / "redis.sock", folder / "redis")
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def own_redis():
    server = RedisServer()
    yield server
    server.remove()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
@pytest.mark.parametrize("setting", ["redis_url", "ratelimit_storage_uri"])
def test_a_redis_that_evicts_is_refused(config, own_redis, policy, setting):
    """F6: counters would go without a word."""
    asked = replace(config, **{setting: own_redis.url})
    with own_redis.connect() as redis:
        redis.config_set("maxmemory-policy", policy)
        with pytest.raises(BadSetting, match=f"{setting.upper()} has maxmemory-policy {policy}.*noeviction"):
            check_redis(asked)
        redis.config_set("maxmemory-policy", "noeviction")
    check_redis(asked)


def test_a_redis_that_keeps_its_policy_to_itself_is_warned_of(config, own_redis):
    with own_redis.connect() as redis:
        redis.execute_command("ACL", "SETUSER", "default", "-@dangerous")
        try:
            with capture_logs() as said:
                check_redis(replace(config, redis_url=own_redis.url))
        finally:
            redis.close()
            own_redis.stop()
            own_redis.start()
    assert [line["event"] for line in said] == ["redis_policy_unknown"]


def test_the_redis_of_a_killed_server_does_not_take_the_socket_of_the_next_with_it():
    """R55, F10: it is slow to end, so the next waits for that."""
    folder = temporary_folder("embedded")
    first = embed(folder)
    assert first.stdout.readline() == "up\n"
    old = psutil.Process(first.pid).children()[0]
    old.suspend()
    first.kill()
    first.wait()
    second = embed(folder)
    try:
        wait_until(lambda: holds_a_lock(second.pid), "the next server")
        time.sleep(0.5)
        old.resume()
        assert second.stdout.readline() == "up\n"
        wait_until(lambda: not old.is_running(), "the end of the old Redis")
        assert answers(folder / "redis.sock")
    finally:
        with suppress(psutil.NoSuchProcess):
            old.resume()
        os.kill(second.pid, signal.SIGKILL)
        second.wait()


def embed(folder):
    command = [sys.executable, "-c", EMBED, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def holds_a_lock(pid):
    """By proc(5): whoever tried the lock itself would have it for a moment, and the server would be refused."""
    locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return any("FLOCK" in lock and str(pid) in lock for lock in locks)


def answers(path):
    with suppress(RedisError):
        return Redis(unix_socket_path=str(path)).ping()
    return False
