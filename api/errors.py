"""Every failure becomes one shape: problem+json (RFC 9457) in the reader's language."""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Flask, Response, request
from flask_restful import Api
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.edge import REQUEST_ID, Application
from api.field_messages import FIELD_MESSAGES
from api.metrics import metrics
from api.metrics_requests import OTHER, route_of
from api.problems import LANGUAGES, PROBLEMS
from api.redaction import redact
from api.redis_client import is_defect
from api.replies import dump_json
from models.drivers import is_away
from services.errors import ServiceError, ServiceUnavailable

TYPE = "https://dongbao.example/errors#"
HTTP_CODES = {
    problem.status: code
    for code, problem in PROBLEMS.items()
    if code in ("not_found", "method_not_allowed", "payload_too_large", "unsupported_media_type")
}
log = structlog.get_logger()


class ProblemApi(Api):
    """flask-restful without its own error pages, which bypass Flask's handlers in production."""

    def error_router(self, original_handler: Callable[[Exception], Any], e: Exception) -> Any:
        """Leave the error to the app's handlers."""
        return original_handler(e)


def init_errors(app: Flask) -> None:
    """Answer every failure of every route with a problem."""
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    for unavailable in (RedisError, PoolTimeout, OperationalError):
        app.register_error_handler(unavailable, _part_away)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _defect)


def crowd_reply(app: Flask) -> Application:
    """What those get who found no place to work in time: outside Flask, a WSGI application of its own."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with app.request_context(environ):
            reply = app.process_response(_refused(ServiceUnavailable(retry_after=1)))
            return reply(environ, start_response)

    return answer


def language() -> str:
    """The language for people, of the two we have."""
    for tag, quality in request.accept_languages:
        for known in LANGUAGES:
            if quality and tag.lower().partition("-")[0] == known[:2]:
                return known
    return LANGUAGES[0]


def problem_reply(code: str, **members: Any) -> Response:
    """The problem of a code, with the headers that belong to its status."""
    problem, tongue = PROBLEMS[code], language()
    metrics().problems.labels(route_of(request.url_rule.rule) if request.url_rule else OTHER, code).inc()
    body = {
        "type": TYPE + code,
        "title": problem.title[tongue],
        "status": problem.status,
        "code": code,
        "detail": problem.detail[tongue].format(**members),
        "request_id": request.environ[REQUEST_ID],
        **members,
    }
    if "errors" in members:
        body["errors"] = _sentences(members["errors"], tongue)
    reply = Response(dump_json(body), problem.status, mimetype="application/problem+json")
    if problem.status == 401:
        reply.headers["WWW-Authenticate"] = problem.scheme
    if "retry_after" in members:
        reply.headers["Retry-After"] = str(members["retry_after"])
    return reply


def _sentences(errors: dict[str, list[str]], tongue: str) -> dict[str, list[str]]:
    return {
        ("body" if field == "_schema" else field): [FIELD_MESSAGES[key][tongue] for key in keys]
        for field, keys in errors.items()
    }


def _refused(error: ServiceError) -> Response:
    return problem_reply(error.code, **error.members)


def _http_error(error: HTTPException) -> Response:
    """What werkzeug refuses: 404, 405, 413 and 415 by their codes, any other 4xx as the nearest of ours."""
    if error.code is None or error.code >= 500:
        return _defect(error)
    reply = problem_reply(HTTP_CODES.get(error.code, "malformed_json"))
    if allowed := dict(error.get_headers()).get("Allow"):
        reply.headers["Allow"] = allowed
    return reply


def _part_away(error: Exception) -> Response:
    """The database or Redis can't be reached, or not in time, or takes no writes."""
    reason = str(getattr(error, "orig", error)).partition("\n")[0]
    if isinstance(error, RedisError) and is_defect(error):
        return _defect(error)
    log.error("part_away", error=type(error).__name__, reason=redact(reason))
    return _refused(ServiceUnavailable(retry_after=5))


def _database_error(error: DBAPIError) -> Response:
    return _part_away(error) if is_away(error) else _defect(error)


def _defect(error: Exception) -> Response:
    log.error("internal_error", exc_info=error)
    return problem_reply("internal_error")
