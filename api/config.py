"""Every setting, read once from the environment (and ``.env``), with its unit in its name.

``docs/configuration.md`` lists them for people. A bad one ends the start with a sentence that says what to do.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import phonenumbers
from environs import Env, EnvError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from api.bad_setting import BadSetting
from api.config_mail import read_public_url, read_smtp
from api.config_sms import SmsConfig, read_sms_config
from api.config_tokens import read_clients, read_jwt_keys, read_secret_keys, read_token_format
from api.config_values import at_least, limit, listed, read_port, seconds, switch
from api.redis_address import is_redis, read_redis_address
from api.unknown_settings import unknown_settings
from mail.smtp import SmtpSettings
from services.jwt_keys import JwtKey

ROOT = Path(__file__).resolve().parent.parent
SECRET_SETTINGS = (
    *(
        "SECRET_KEYS",
        "DATABASE_URL",
        "REDIS_URL",
        "RATELIMIT_STORAGE_URI",
        "SMS_CALLBACK_SECRET",
        "METRICS_TOKEN",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ),
    *("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET"),
    *("JUHE_KEY", "WEBHOOK_URL", "WEBHOOK_SECRET", "MAIL_URL", "JWT_KEYS", "INTROSPECTION_CLIENTS"),
)
LEAST_TOKEN = 16
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
OFF, ADAPTIVE, ALWAYS = "off", "adaptive", "always"
LIMITS = {
    "LIMIT_SMS_PER_ADDRESS": "10/minute;60/hour",
    "LIMIT_SMS_PER_PHONE": "300/hour",
    "LIMIT_SMS_PER_ACCOUNT": "10/hour;20/day",
    "LIMIT_VERIFY_PER_ADDRESS": "30/minute",
    "LIMIT_REGISTER_PER_ADDRESS": "10/minute;60/hour",
    "LIMIT_LOGIN_PER_ADDRESS": "20/minute",
    "LIMIT_LOGIN_PER_ACCOUNT": "10/minute;50/hour",
    "LIMIT_AVAILABILITY_PER_ADDRESS": "60/minute",
    "LIMIT_REFRESH_PER_ADDRESS": "60/minute",
    "LIMIT_CHALLENGE_PER_ADDRESS": "60/minute",
    "LIMIT_INTROSPECT_PER_ADDRESS": "20/minute",
    "LIMIT_EMAIL_PER_ACCOUNT": "5/hour;10/day",
    "LIMIT_EXPORT_PER_ACCOUNT": "10/hour",
    "LIMIT_RENAME_PER_ACCOUNT": "5/hour;10/day",
}


@dataclass(frozen=True)
class Config:
    """The settings, checked. Times are in seconds, sizes in the unit that the name says."""

    app_env: str
    instance: Path
    embeds_redis: bool
    host: str
    port: int
    workers: int
    threads: int
    secret_keys: tuple[str, ...]
    token_format: str
    jwt_keys: tuple[JwtKey, ...]
    jwt_issuer: str
    jwt_audience: str
    introspection_clients: tuple[str, ...]
    database_url: str
    database_pool_size: int
    database_timeout_seconds: float
    redis_url: str
    redis_timeout_seconds: float
    ratelimit_storage_uri: str
    ratelimit_strategy: str
    limits: dict[str, str]
    challenge: str
    sms: SmsConfig
    sms_regions: frozenset[str]
    sms_cooldown_seconds: int
    sms_per_hour: int
    sms_per_day: int
    sms_code_seconds: int
    sms_code_attempts: int
    sms_wrong_guesses_per_day: int
    ticket_seconds: int
    smtp: SmtpSettings | None
    public_url: str
    email_link_seconds: int
    mail_verify_per_day: int
    notice_days: int
    access_token_seconds: int
    refresh_token_seconds: int
    refresh_grace_seconds: int
    session_seconds: int
    session_log_days: int
    max_sessions: int
    event_days: int
    phone_change_undo_days: int
    dormant_days: int
    close_days: int
    argon2_memory_kib: int
    argon2_iterations: int
    argon2_lanes: int
    hash_places: int
    hash_queue: int
    hash_patience_seconds: float
    cors_origins: tuple[str, ...]
    trusted_proxies: int
    metrics_token: str = field(repr=False)
    otlp_endpoint: str
    log_format: str
    jobs: bool
    migrates: bool
    unknown_settings: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def uses_console(self) -> bool:
        """Whether messages go to the development inbox."""
        return "console" in self.sms.gateways

    @property
    def is_production(self) -> bool:
        """Whether development's conveniences are off."""
        return self.app_env == "production"


def read_config() -> Config:
    """The settings of the environment; raises ``BadSetting``."""
    env = Env()
    env.read_env(str(ROOT / ".env"), recurse=False)
    try:
        config = _read(env, Path(env.str("INSTANCE_DIR", str(ROOT / "instance"))).resolve())
    except EnvError as error:
        raise BadSetting(f"{str(error).rstrip('.')}. See docs/configuration.md.") from error
    _check(config)
    return replace(config, unknown_settings=unknown_settings(os.environ, env.dump()))


def _read(env: Env, instance: Path) -> Config:
    cores = os.cpu_count() or 1
    app_env = env.str("APP_ENV", "development")
    in_production = app_env == "production"
    database_url = env.str("DATABASE_URL", "") or f"sqlite:///{instance / 'dongbao.sqlite3'}"
    workers = at_least(1, env, "WORKERS", 1 if database_url.startswith("sqlite") else cores)
    threads = at_least(1, env, "THREADS", 16)
    redis_url = env.str("REDIS_URL", "") or f"unix://{embedded_socket(instance)}"
    public_url = read_public_url(env, read_port(env))
    issuer = env.str("JWT_ISSUER", "") or public_url
    token_format = read_token_format(env)
    return Config(
        app_env=app_env,
        instance=instance,
        embeds_redis=not env.str("REDIS_URL", ""),
        host=env.str("HOST", "127.0.0.1"),
        port=read_port(env),
        workers=workers,
        threads=threads,
        secret_keys=read_secret_keys(env, instance, in_production),
        token_format=token_format,
        jwt_keys=read_jwt_keys(env, token_format, instance, in_production),
        jwt_issuer=issuer,
        jwt_audience=env.str("JWT_AUDIENCE", "") or issuer,
        introspection_clients=read_clients(env, in_production),
        database_url=database_url,
        database_pool_size=at_least(0, env, "DATABASE_POOL_SIZE", 0),
        database_timeout_seconds=seconds(env, "DATABASE_TIMEOUT_SECONDS", 2),
        redis_url=redis_url,
        redis_timeout_seconds=seconds(env, "REDIS_TIMEOUT_SECONDS", 0.25),
        ratelimit_storage_uri=env.str("RATELIMIT_STORAGE_URI", "") or redis_url,
        ratelimit_strategy=env.str("RATELIMIT_STRATEGY", "moving-window"),
        limits={name: limit(env, name, default) for name, default in LIMITS.items()},
        challenge=env.str("CHALLENGE", ADAPTIVE),
        sms=read_sms_config(env, in_production),
        sms_regions=frozenset(listed(env.str("SMS_REGIONS", "CN").upper())),
        sms_cooldown_seconds=at_least(0, env, "SMS_COOLDOWN_SECONDS", 60),
        sms_per_hour=at_least(0, env, "SMS_PER_HOUR", 5),
        sms_per_day=at_least(0, env, "SMS_PER_DAY", 10),
        sms_code_seconds=at_least(1, env, "SMS_CODE_SECONDS", 300),
        sms_code_attempts=at_least(1, env, "SMS_CODE_ATTEMPTS", 5),
        sms_wrong_guesses_per_day=at_least(1, env, "SMS_WRONG_GUESSES_PER_DAY", 50),
        smtp=read_smtp(env),
        public_url=public_url,
        email_link_seconds=at_least(1, env, "EMAIL_LINK_SECONDS", 86400),
        mail_verify_per_day=at_least(0, env, "MAIL_VERIFY_PER_DAY", 5),
        notice_days=at_least(1, env, "NOTICE_DAYS", 30),
        ticket_seconds=at_least(1, env, "TICKET_SECONDS", 600),
        access_token_seconds=at_least(1, env, "ACCESS_TOKEN_SECONDS", 900),
        refresh_token_seconds=at_least(1, env, "REFRESH_TOKEN_SECONDS", 2592000),
        refresh_grace_seconds=at_least(0, env, "REFRESH_GRACE_SECONDS", 10),
        session_seconds=at_least(1, env, "SESSION_SECONDS", 7776000),
        session_log_days=at_least(180, env, "SESSION_LOG_DAYS", 200),
        max_sessions=at_least(1, env, "MAX_SESSIONS", 20),
        event_days=at_least(180, env, "EVENT_DAYS", 365),
        phone_change_undo_days=at_least(1, env, "PHONE_CHANGE_UNDO_DAYS", 3),
        dormant_days=at_least(1, env, "DORMANT_DAYS", 180),
        close_days=at_least(1, env, "CLOSE_DAYS", 15),
        argon2_memory_kib=at_least(8, env, "ARGON2_MEMORY_KIB", 19456),
        argon2_iterations=at_least(1, env, "ARGON2_ITERATIONS", 2),
        argon2_lanes=at_least(1, env, "ARGON2_LANES", 1),
        hash_places=at_least(1, env, "HASH_PLACES", max(1, cores // workers)),
        hash_queue=at_least(0, env, "HASH_QUEUE", threads // 2),
        hash_patience_seconds=seconds(env, "HASH_PATIENCE_SECONDS", 2),
        cors_origins=tuple(listed(env.str("CORS_ORIGINS", ""))),
        trusted_proxies=at_least(0, env, "TRUSTED_PROXIES", 0),
        metrics_token=env.str("METRICS_TOKEN", ""),
        otlp_endpoint=env.str("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        log_format=env.str("LOG_FORMAT", "json" if in_production else "console"),
        jobs=switch(env, "JOBS", "on"),
        migrates=switch(env, "MIGRATE", "on"),
    )


def embedded_socket(instance: Path) -> Path:
    """Where the embedded Redis listens; a folder with a long name has it elsewhere, as a socket's path ends at 107 bytes."""
    socket = instance / "redis.sock"
    if len(os.fsencode(socket)) < 100:
        return socket
    name = hashlib.sha256(os.fsencode(instance)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"dongbao-{os.getuid()}-{name}" / "redis.sock"


def _check(config: Config) -> None:
    if config.app_env not in ("development", "production"):
        raise BadSetting(f"APP_ENV is '{config.app_env}'; it is development or production.")
    if config.log_format not in ("console", "json"):
        raise BadSetting(f"LOG_FORMAT is '{config.log_format}'; it is console or json.")
    if config.challenge not in (ADAPTIVE, ALWAYS, OFF):
        raise BadSetting(f"CHALLENGE is '{config.challenge}'; it is adaptive, always or off.")
    for origin in config.cors_origins:
        if not ORIGIN.fullmatch(origin):
            raise BadSetting(f"CORS_ORIGINS has '{origin}'; an origin is exact, like https://mall.example.com.")
    if config.dormant_days * 86400 <= config.refresh_token_seconds:
        raise BadSetting(
            "DORMANT_DAYS is not longer than REFRESH_TOKEN_SECONDS: living sessions would count as dormant."
        )
    if config.session_log_days < config.dormant_days:
        raise BadSetting("SESSION_LOG_DAYS is shorter than DORMANT_DAYS, which looks for the last session.")
    if 0 < len(config.metrics_token) < LEAST_TOKEN:
        raise BadSetting(f"METRICS_TOKEN is shorter than {LEAST_TOKEN} characters: openssl rand -hex 32.")
    if unknown := config.sms_regions - phonenumbers.SUPPORTED_REGIONS:
        raise BadSetting(f"SMS_REGIONS has {', '.join(sorted(unknown))}; regions are two letters, such as CN.")
    read_redis_address("REDIS_URL", config.redis_url)
    if is_redis(config.ratelimit_storage_uri):
        read_redis_address("RATELIMIT_STORAGE_URI", config.ratelimit_storage_uri)
    try:
        make_url(config.database_url).get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadSetting(
            "DATABASE_URL is no database address; write it like postgresql+psycopg://user@host/name."
        ) from error
    if config.is_production:
        _check_production(config)


def _check_production(config: Config) -> None:
    """What development may and production must not."""
    if not config.secret_keys:
        raise BadSetting("SECRET_KEYS is not set; production needs at least one key: openssl rand -base64 48.")
    if any(len(key) < 32 or key.startswith("development-") for key in config.secret_keys):
        raise BadSetting(
            "SECRET_KEYS has a key shorter than 32 characters, or a development one: openssl rand -base64 48."
        )
    if config.uses_console:
        raise BadSetting("SMS_GATEWAYS is console, which shows codes to everybody; name a real gateway in production.")
    if config.database_url.startswith("sqlite") and config.workers > 1:
        raise BadSetting("SQLite serves one worker; set WORKERS=1, or DATABASE_URL to PostgreSQL or MySQL.")
