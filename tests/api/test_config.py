"""The settings: read once, and refused at the start with a sentence that names the bad one."""

import socket
import subprocess
import sys

import pytest

from api.bad_setting import BadSetting
from api.config import ROOT, read_config
from tests.servers.process import reserve_port
from tests.settings import SETTINGS, environment, environment_of

LONG_KEY = "k" * 32


@pytest.fixture
def read(tmp_path):
    """The settings of an environment that has these variables, and of the tests' own only those that are asked for."""

    def read(**settings):
        with environment_of(bare(tmp_path) | {name: str(value) for name, value in settings.items()}):
            return read_config()

    return read


def bare(tmp_path):
    env = environment(tmp_path, "", "")
    return {name: value for name, value in env.items() if name not in SETTINGS}


def run(tmp_path, module, **settings):
    """Start a module of ours; the exit code and what it wrote."""
    env = bare(tmp_path) | {name: str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", module], env=env, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    return done.returncode, done.stderr


def test_the_defaults_are_those_of_the_contract(read, tmp_path):
    config = read()
    assert (config.app_env, config.host, config.port) == ("development", "127.0.0.1", 5000)
    assert config.database_url == f"sqlite:///{tmp_path / 'dongbao.sqlite3'}"
    assert config.limits["LIMIT_SMS_PER_ADDRESS"] == "10/minute;60/hour"
    assert config.limits["LIMIT_VERIFY_PER_ADDRESS"] == "30/minute"
    assert config.limits["LIMIT_REGISTER_PER_ADDRESS"] == "10/minute;60/hour"
    assert config.limits["LIMIT_LOGIN_PER_ADDRESS"] == "20/minute"
    assert config.limits["LIMIT_LOGIN_PER_ACCOUNT"] == "10/minute;50/hour"
    assert config.limits["LIMIT_AVAILABILITY_PER_ADDRESS"] == "60/minute"
    assert config.limits["LIMIT_REFRESH_PER_ADDRESS"] == "60/minute"
    assert (config.sms_cooldown_seconds, config.sms_per_hour, config.sms_per_day) == (60, 5, 10)
    assert (config.sms_code_seconds, config.sms_code_attempts, config.sms_wrong_guesses_per_day) == (300, 5, 50)
    assert (config.access_token_seconds, config.refresh_token_seconds) == (900, 2592000)
    assert (config.refresh_grace_seconds, config.session_seconds, config.ticket_seconds) == (10, 7776000, 600)
    assert (config.database_timeout_seconds, config.redis_timeout_seconds) == (2, 0.25)
    assert (config.ratelimit_storage_uri, config.ratelimit_strategy) == (config.redis_url, "moving-window")
    assert (config.trusted_proxies, config.cors_origins, config.sms_regions) == (0, (), {"CN"})


def test_hashing_costs_by_default_what_owasp_asks(read):
    """R39: Argon2id with 19 MiB, two rounds, one lane."""
    config = read()
    assert (config.argon2_memory_kib, config.argon2_iterations, config.argon2_lanes) == (19456, 2, 1)


def test_a_development_key_is_made_once_and_kept_to_its_owner(read, tmp_path):
    first, second = read(), read()
    assert first.secret_keys == second.secret_keys
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_keys_are_listed_oldest_first(read):
    assert read(SECRET_KEYS="first-key , second-key,").secret_keys == ("first-key", "second-key")


@pytest.mark.parametrize(("word", "runs"), [("on", True), ("off", False)])
def test_a_server_runs_jobs_or_leaves_them_to_others(read, word, runs):
    assert read(JOBS=word).jobs is runs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "staging"),
        ("PORT", "x"),
        ("PORT", "0"),
        ("WORKERS", "0"),
        ("THREADS", "-1"),
        ("DATABASE_URL", "nonsense"),
        ("SMS_CODE_ATTEMPTS", "0"),
        ("SMS_COOLDOWN_SECONDS", "-1"),
        ("SMS_PER_HOUR", "many"),
        ("TICKET_SECONDS", ""),
        ("ACCESS_TOKEN_SECONDS", "15m"),
        ("REDIS_TIMEOUT_SECONDS", "soon"),
        ("LIMIT_SMS_PER_ADDRESS", "ten a minute"),
        ("LIMIT_LOGIN_PER_ACCOUNT", "10/fortnight"),
        ("SMS_GATEWAYS", "pigeon"),
        ("SMS_GATEWAYS", ""),
        ("TRUSTED_PROXIES", "-1"),
        ("PUBLIC_URL", "mall.example.com/"),
        ("DORMANT_DAYS", "30"),
        ("PHONE_CHANGE_UNDO_DAYS", "0"),
        ("JOBS", "maybe"),
        ("METRICS_TOKEN", "fifteen-letters"),
    ],
)
def test_a_bad_setting_is_named(read, name, value):
    with pytest.raises(BadSetting, match=name):
        read(**{name: value})


PRODUCTION = {"APP_ENV": "production", "SECRET_KEYS": LONG_KEY, "DATABASE_URL": "postgresql+psycopg://x@y/z"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEYS": ""}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "k" * 31}, "SECRET_KEYS"),
        ({"SECRET_KEYS": f"{LONG_KEY},short"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": f"short,{LONG_KEY}"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "development-" + LONG_KEY}, "SECRET_KEYS"),
        ({"SMS_GATEWAYS": "console"}, "SMS_GATEWAYS"),
        ({}, "SMS_GATEWAYS"),
    ],
)
def test_production_refuses_what_is_for_development(read, changes, named):
    """R42: development secrets and the gateway that shows codes to everybody."""
    with pytest.raises(BadSetting, match=named):
        read(**(PRODUCTION | changes))


def test_production_makes_no_key_of_its_own(read, tmp_path):
    with pytest.raises(BadSetting):
        read(**(PRODUCTION | {"SECRET_KEYS": ""}))
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize("module", ["api.serve", "api.migrate"])
def test_a_bad_setting_ends_the_start_with_one_sentence(tmp_path, module):
    code, said = run(tmp_path, module, PORT="x")
    assert code == 1
    assert "PORT" in said
    assert len(said.splitlines()) == 1


def test_a_port_that_is_taken_ends_the_start_with_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, said = run(tmp_path, "api.serve", PORT=other.getsockname()[1])
    assert (code, "PORT" in said, len(said.splitlines())) == (1, True, 1)


@pytest.fixture
def port():
    with reserve_port() as held:
        yield held.getsockname()[1]


def test_a_database_that_is_away_ends_the_start_with_one_sentence(tmp_path, redis_url, port):
    url = "postgresql+psycopg://nobody@/none?host=/nonexistent"
    for module in ("api.serve", "api.migrate"):
        code, said = run(tmp_path, module, DATABASE_URL=url, REDIS_URL=redis_url, PORT=port)
        assert (code, "DATABASE_URL" in said, len(said.splitlines())) == (1, True, 1), said


def test_a_redis_that_is_away_ends_the_start_with_one_sentence(tmp_path, port):
    code, said = run(tmp_path, "api.serve", REDIS_URL="unix:///nonexistent/redis.sock", PORT=port)
    assert (code, "REDIS_URL" in said, len(said.splitlines())) == (1, True, 1), said


@pytest.mark.parametrize(
    ("uri", "strategy"), [("carrier-pigeon://x", "moving-window"), ("memory://", "no-such-strategy")]
)
def test_a_limiter_that_can_not_be_is_refused(make_app, uri, strategy):
    with pytest.raises(BadSetting, match="RATELIMIT"):
        make_app(ratelimit_storage_uri=uri, ratelimit_strategy=strategy)
