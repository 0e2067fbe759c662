"""The recipe of the app."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from api.account_commands import account_commands
from api.auth import init_auth
from api.bad_setting import BadSetting
from api.config import Config, read_config
from api.edge import Edge
from api.errors import ProblemApi, crowd_reply, init_errors
from api.extensions import init_extensions
from api.job_commands import job_commands
from api.logs import configure_logs
from api.metrics import metrics
from api.metrics_page import add_metrics_route
from api.metrics_requests import RequestTimes
from api.notice_commands import notice_commands
from api.routes import add_routes
from api.sms_commands import sms_commands
from api.stopping import Stopping
from api.system import add_system_routes
from api.unknown_settings import warn_of_settings
from api.wiring import build_services
from services.clock import Clock, system_clock
from sms.gateway import Gateway

# What a request may wait for the database beyond one statement that takes all its time: a reply takes no three seconds.
SPARE_SECONDS = 0.5


def start_tracing(app: Flask, redis_clients: Sequence[Any]) -> None:
    """Import OpenTelemetry, which is not there otherwise; raises ``BadSetting`` where it is not installed."""
    try:
        tracing = import_module("api.tracing")
    except ModuleNotFoundError as error:
        raise BadSetting(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: pip install -r requirements-otel.txt."
        ) from error
    app.extensions["traces"] = tracing.trace_app(app, redis_clients)


class AccountsApp(Flask):
    """Flask without what none of our views is: it asks of each function at each call whether it is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(config: Config | None = None, clock: Clock = system_clock, gateways: Sequence[Gateway] = ()) -> Flask:
    """An app on the settings of the environment; a clock and gateways may be handed in. Raises ``BadSetting``."""
    config = config or read_config()
    configure_logs(config.log_format)
    warn_of_settings(config.unknown_settings)
    app = AccountsApp("dongbao", static_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.extensions["stopping"] = stopping = Stopping()
    patience = config.database_timeout_seconds + SPARE_SECONDS
    answered = RequestTimes(metrics().requests)
    app.extensions["edge"] = Edge(app.wsgi_app, config.threads, patience, crowd_reply(app), stopping, answered)
    app.wsgi_app = app.extensions["edge"]  # type: ignore[method-assign]
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=0)  # type: ignore[method-assign]
    init_errors(app)
    connected = init_extensions(app, config)
    app.extensions["dongbao"] = wired = build_services(config, connected, clock, gateways)
    metrics().expect_gateways(wired.gateways)
    init_auth(app)
    add_routes(ProblemApi(app, catch_all_404s=False))
    add_system_routes(app)
    add_metrics_route(app)
    if config.otlp_endpoint:
        start_tracing(app, connected.redis_clients)
    app.cli.add_command(sms_commands)
    app.cli.add_command(job_commands)
    app.cli.add_command(notice_commands)
    app.cli.add_command(account_commands)
    return app
