"""Logs: one event a line, JSON in production, with the request's id and never a secret."""

import logging
import sys

import orjson
import structlog
from flask import has_request_context, request
from structlog.typing import EventDict, WrappedLogger

from api.edge import REQUEST_ID

# The values of variables in a traceback would be passwords and codes.
WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def configure_logs(log_format: str) -> None:
    """Send structlog's events to standard error as ``json`` or for the ``console``."""
    shared = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    if log_format == "json":
        processors = [
            *shared,
            structlog.processors.ExceptionRenderer(WITHOUT_LOCALS),
            structlog.processors.JSONRenderer(orjson.dumps),
        ]
        factory: object = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        processors = [
            *shared,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=processors,  # type: ignore[arg-type]
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=factory,  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if has_request_context():
        event["request_id"] = request.environ[REQUEST_ID]
    return event
