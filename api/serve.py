"""Starts everything: ``python -m api.serve``."""

import socket
import sys
from contextlib import ExitStack

from redis.exceptions import RedisError
from sqlalchemy import make_url

from api.bad_setting import BadSetting
from api.config import Config, embedded_socket, read_config
from api.embedded_redis import EmbeddedRedis
from api.migrate import migrate, refuse_old_schema
from api.redis_client import RedisProvider
from api.server import run_server


def main() -> None:
    """Serve until a signal says stop; a reason not to start is one sentence and exit code 1."""
    try:
        with ExitStack() as parts:
            serve(read_config(), parts)
    except BadSetting as sentence:
        sys.exit(f"dongbao: {sentence}")


def serve(config: Config, parts: ExitStack) -> None:
    """Check, start what is private to us, migrate where that is wanted, and serve; raises ``BadSetting``."""
    _refuse_busy_port(config)
    if config.embeds_redis or config.database_url.startswith("sqlite"):
        config.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    embedded = None
    if config.embeds_redis:
        embedded = EmbeddedRedis(embedded_socket(config.instance), config.instance / "redis")
        parts.callback(embedded.stop)
    _refuse_absent_redis(config)
    prepare_schema = migrate if config.migrates else refuse_old_schema
    prepare_schema(config)
    run_server(config, on_start=lambda: _tell(config, embedded))


def _tell(config: Config, embedded: EmbeddedRedis | None) -> None:
    if embedded:
        embedded.keep_alive()
    print(_screen(config), flush=True)


def _refuse_busy_port(config: Config) -> None:
    """Listen for a moment: the server itself would share a port that another one has, and say nothing."""
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
            probe.listen(1)
        except OSError as error:
            raise BadSetting(
                f"{config.host}:{config.port} can't be had ({error.strerror}); set HOST or PORT."
            ) from error


def _refuse_absent_redis(config: Config) -> None:
    try:
        RedisProvider.from_url(config.redis_url, timeout_seconds=2).ping()
    except ValueError as error:
        raise BadSetting("REDIS_URL can't be read; write it like redis://:password@host:6379/0.") from error
    except RedisError as error:
        raise BadSetting(f"REDIS_URL does not answer: {error}") from error


def _screen(config: Config) -> str:
    """What a developer wants to know first."""
    address = f"http://{config.host}:{config.port}"
    lines = [f"Dongbao Accounts   {address}", f"  docs             {address}/docs"]
    if config.uses_console:
        lines.append(f"  dev inbox        {address}/dev/inbox")
    lines.append(f"  data             {make_url(config.database_url).render_as_string(hide_password=True)}")
    lines.append(f"  workers          {config.workers} with {config.threads} threads each; stop with Ctrl+C")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
