"""Replies: one JSON form, and the headers that every reply carries."""

import re
import secrets
from typing import Any

import orjson
from flask import Flask, Response, g, request

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Referrer-Policy", "no-referrer"),
)
NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"


def dump_json(value: Any) -> bytes:
    """``value`` as JSON; dataclasses as objects, times as RFC 3339 in UTC."""
    return orjson.dumps(value, option=OPTIONS)


def reply(value: Any, status: int = 200) -> Response:
    """A JSON reply."""
    return Response(dump_json(value), status, mimetype="application/json")


def no_content() -> Response:
    """A reply without a body."""
    return Response(status=204)


def init_replies(app: Flask) -> None:
    """Name each request, and put the common headers on each reply."""
    app.before_request(_name_request)
    app.after_request(_add_headers)


def _name_request() -> None:
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(HEADERS)
    headers["X-Request-ID"] = g.request_id
    headers.setdefault("Content-Security-Policy", NO_CONTENT_POLICY)
    return response
