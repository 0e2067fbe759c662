"""Times of requests: one observation each, by route, method and status."""

from collections.abc import Callable

from prometheus_client import Histogram
from werkzeug.wrappers import Request

from api.edge import Environ

# Whoever asks chooses the method, and the address: what is not ours has one label.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


class RequestTimes:
    """Remembers the observer of each route, method and status: to find one costs as much as to observe."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._known: dict[tuple[str, str, str], Callable[[float], None]] = {}

    def __call__(self, environ: Environ, status: str, seconds: float) -> None:
        """A request was answered."""
        method = environ["REQUEST_METHOD"]
        name = rule_of(environ), method if method in METHODS else OTHER, status
        observe = self._known.get(name)
        if observe is None:
            rule, method, _ = name
            observe = self._known[name] = self._histogram.labels(route_of(rule), method, status[:3]).observe
        observe(seconds)


def route_of(rule: str) -> str:
    """A route as ``openapi.yaml`` writes it."""
    return rule.replace("<", "{").replace(">", "}")


def rule_of(environ: Environ) -> str:
    """The rule that Flask found, which werkzeug leaves in the environment with its request."""
    request: Request | None = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    return OTHER if rule is None else rule.rule
