"""``/metrics``: for a scraper that knows ``METRICS_TOKEN``; without one, for this machine only."""

import hmac
import ipaddress
import os

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.metrics import metrics
from api.metrics_folder import FOLDER
from api.metrics_states import SharedStates, look
from api.sources import current_address
from api.wiring import services
from services.errors import ServiceError

# A proxy names by these for whom it asks; whoever asks from here asks for itself.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST", "HTTP_VIA")


class MetricsTokenInvalid(ServiceError):
    """The scraper's token is missing, or another."""

    code = "metrics_token_invalid"


class MetricsForbidden(ServiceError):
    """There is no token, and it is not this machine that asks."""

    code = "metrics_forbidden"


def add_metrics_route(app: Flask) -> None:
    """The view of this module."""
    app.add_url_rule("/metrics", view_func=metrics_page)


def metrics_page() -> Response:
    """All metrics of this server, in Prometheus' text format; raises ``MetricsTokenInvalid`` or ``MetricsForbidden``."""
    _check_scraper(services().config.metrics_token)
    look(current_app)
    shared = CollectorRegistry()
    shared.register(SharedStates(services()))
    return Response(generate_latest(_counted()) + generate_latest(shared), content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    """Those of all workers, where there are several."""
    if FOLDER not in os.environ:
        return metrics().registry
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _check_scraper(token: str) -> None:
    if token:
        if g.token is None or not hmac.compare_digest(g.token.encode(), token.encode()):
            raise MetricsTokenInvalid
    elif not _is_from_here():
        raise MetricsForbidden


def _is_from_here() -> bool:
    """Whether it is this machine that asks, and no proxy on it: what a header says of an address is not believed, trusted proxy or not."""
    address = ipaddress.ip_address(current_address())
    own = getattr(address, "ipv4_mapped", None) or address
    return own.is_loopback and not any(name in request.environ for name in FORWARDED)
