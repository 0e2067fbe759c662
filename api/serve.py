"""Starts everything: ``python -m api.serve``."""

import atexit
import os
import socket
import sys
from contextlib import ExitStack, suppress

import structlog
from sqlalchemy import make_url

from api.bad_setting import BadSetting
from api.config import Config, embedded_socket, read_config
from api.embedded_redis import EmbeddedRedis
from api.log_takeover import take_over
from api.logs import configure_logs, flush_logs
from api.metrics_folder import metrics_folder
from api.migrate import migrate, refuse_old_schema
from api.redis_check import check_redis
from api.server import run_server
from services import NOT_ACCELERATED


def main() -> None:
    """Serve until a signal says stop; a reason not to start is one sentence and exit code 1."""
    try:
        config = read_config()
        take_over(config.log_format)
        atexit.register(flush_logs)
        with ExitStack() as parts:
            serve(config, parts)
    except BadSetting as sentence:
        _refuse(str(sentence))


def serve(config: Config, parts: ExitStack) -> None:
    """Check, start what is private to us, migrate where that is wanted, and serve; raises ``BadSetting``."""
    parts.enter_context(metrics_folder(config.workers))  # first, as whatever is logged is counted
    configure_logs(config.log_format)
    _refuse_busy_port(config)
    if config.embeds_redis or config.database_url.startswith("sqlite"):
        config.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    embedded = None
    if config.embeds_redis:
        embedded = EmbeddedRedis(embedded_socket(config.instance), config.instance / "redis")
        parts.callback(embedded.stop)
    check_redis(config)
    if NOT_ACCELERATED:
        structlog.get_logger().warning("argon2_not_accelerated", reason=NOT_ACCELERATED)
    prepare_schema = migrate if config.migrates else refuse_old_schema
    prepare_schema(config)
    run_server(config, on_start=lambda: _tell(config, embedded))


def _tell(config: Config, embedded: EmbeddedRedis | None) -> None:
    if embedded:
        embedded.keep_alive()
    if config.log_format == "json":
        structlog.get_logger().info("started", host=config.host, port=config.port, workers=config.workers)
        return
    with suppress(OSError):
        os.write(1, f"{_screen(config)}\n".encode())


def _refuse(sentence: str) -> None:
    """Say why there is no start, in the form that the log would have; ends the process."""
    by_default = "json" if os.environ.get("APP_ENV") == "production" else "console"
    if os.environ.get("LOG_FORMAT", by_default) != "json":
        print(f"dongbao: {sentence}", file=sys.__stderr__)
        sys.exit(1)
    configure_logs("json")
    structlog.get_logger().error("not_started", reason=sentence)
    sys.exit(1)


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
