"""Replies: one JSON form."""

from typing import Any

import orjson
from flask import Response

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def dump_json(value: Any) -> bytes:
    """``value`` as JSON; dataclasses as objects, times as RFC 3339 in UTC."""
    return orjson.dumps(value, option=OPTIONS)


def reply(value: Any, status: int = 200) -> Response:
    """A JSON reply."""
    return Response(dump_json(value), status, mimetype="application/json")


def no_content() -> Response:
    """A reply without a body."""
    return Response(status=204)
