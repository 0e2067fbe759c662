"""Traces by OpenTelemetry, where ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; this module is imported there only.

A span says which route, statement or command it was, and how long it took. What anybody sent is in none: no URL, no header, no
parameter of a statement, no key of Redis.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Engine, ExceptionContext, event

from api.edge import REQUEST_ID, Application, Environ, Headers, StartResponse
from api.metrics_parts import Call, wrap_redis
from api.metrics_requests import METHODS, route_of, rule_of
from api.wiring import Services

SPAN = "tracing_span"
FLUSH_SECONDS = 1
# W3C's headers by which a trace goes on from a client or proxy.
CARRIED = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}


class TracedRequests:
    """A WSGI application inside a span."""

    def __init__(self, application: Application, tracer: Tracer) -> None:
        self._application = application
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        carried = {name: environ[key] for name, key in CARRIED.items() if key in environ}
        context = self._propagator.extract(carried)
        with self._tracer.start_as_current_span(
            "request", context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            def start(status: str, headers: Headers, *exc_info: Any) -> Any:
                _describe(span, environ, status)
                return start_response(status, headers, *exc_info)

            return self._application(environ, start)


def trace_app(app: Flask, redis_clients: Iterable[Any]) -> Callable[[], None]:
    """Trace requests, and what they ask of the database and Redis; what is returned sends the last spans at the end of a process."""
    os.environ.setdefault("OTEL_SERVICE_NAME", "dongbao-accounts")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("dongbao")
    wired: Services = app.extensions["dongbao"]
    _trace_sql(wired.database.engine, tracer)
    for client in redis_clients:
        wrap_redis(client, lambda call: _traced(call, tracer))
    app.wsgi_app = TracedRequests(app.wsgi_app, tracer)  # type: ignore[method-assign]
    return lambda: _flush(provider)


def _describe(span: Span, environ: Environ, status: str) -> None:
    """The route, and not the address: that may hold a secret."""
    method, route = environ["REQUEST_METHOD"], route_of(rule_of(environ))
    span.update_name(f"{method} {route}" if method in METHODS else route)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", int(status[:3]))
    span.set_attribute("dongbao.request_id", environ[REQUEST_ID])
    if status >= "500":
        span.set_status(Status(StatusCode.ERROR))


def _trace_sql(engine: Engine, tracer: Tracer) -> None:
    """A span for each statement of a request, with its text: values stand beside it, and stay here."""

    def begin(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if trace.get_current_span().is_recording():
            text = {"db.system.name": engine.dialect.name, "db.query.text": statement}
            connection.info[SPAN] = tracer.start_span(statement.partition(" ")[0], None, SpanKind.CLIENT, text)

    def end(connection: Any, *_: Any) -> None:
        if span := connection.info.pop(SPAN, None):
            span.end()

    def fail(context: ExceptionContext) -> None:
        if context.connection and (span := context.connection.info.pop(SPAN, None)):
            _end_badly(span, context.sqlalchemy_exception or context.original_exception)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)


def _traced(call: Call, tracer: Tracer) -> Call:
    """A span for each round trip of a request, by the name of its command; a pipeline has none."""

    def traced(*args: Any, **options: Any) -> Any:
        if not trace.get_current_span().is_recording():
            return call(*args, **options)
        command = args[0] if args and isinstance(args[0], str) else "PIPELINE"
        span = tracer.start_span(command, None, SpanKind.CLIENT, {"db.system.name": "redis"})
        try:
            answer = call(*args, **options)
        except BaseException as error:
            _end_badly(span, error)
            raise
        span.end()
        return answer

    return traced


def _end_badly(span: Span, error: BaseException) -> None:
    """Errors are told by their type: their texts may quote what was sent."""
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))
    span.end()


def _flush(provider: TracerProvider) -> None:
    """A collector that is away must not hold up the end."""
    last = threading.Thread(target=provider.force_flush, name="traces", daemon=True)
    last.start()
    last.join(FLUSH_SECONDS)
