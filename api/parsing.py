"""Bodies: from bytes to checked values, each step once per request."""

import json
import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from flask import g, request
from marshmallow import Schema, ValidationError

from api.edge import BODY_REFUSED
from api.problems import MalformedJson, PayloadTooLarge, UnsupportedMediaType
from schemas.body import Body
from schemas.query import Query
from services.errors import Invalid, RateLimited, ServiceUnavailable

View = Callable[..., Any]
MAX_DEPTH = 32
FORM = "application/x-www-form-urlencoded"
PROBLEM_OF_BODY = {error.code: error for error in (MalformedJson, PayloadTooLarge, RateLimited, ServiceUnavailable)}
# A string that has no end is one too: looking for its end from each quotation mark would take seconds.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")


def read_object() -> dict[str, Any]:
    """The request's JSON object; raises for 413, 415 and 400, and 422 for JSON that is no object."""
    value = read_json()
    if not isinstance(value, dict):
        raise Invalid(body="not_object")
    return value


def parse_body(schema: type[Body]) -> dict[str, Any]:
    """The body as ``schema`` reads it; raises as ``read_object``, and ``Invalid`` with what is wrong in which field."""
    body = read_object()
    parsed: dict[type[Body], dict[str, Any]] = g.setdefault("parsed_bodies", {})
    if schema not in parsed:
        parsed[schema] = _load(schema, body)
    return parsed[schema]


def parse_query(schema: type[Query]) -> dict[str, Any]:
    """The URL's parameters as ``schema`` reads them; of one that comes twice the first counts. Raises ``Invalid``."""
    return _load(schema, request.args.to_dict())


def read_array() -> list[Any]:
    """The request's JSON array; raises as ``read_object``."""
    value = read_json()
    if not isinstance(value, list):
        raise Invalid(body="not_array")
    return value


def body_optional(view: View) -> View:
    """Let a request with neither a body nor a type for one stand for an empty object; it has to be the outermost guard."""

    @wraps(view)
    def read(*args: Any, **kwargs: Any) -> Any:
        if not (request.content_type or request.content_length or BODY_REFUSED in request.environ):
            g.json = {}
        return view(*args, **kwargs)

    return read


def form_allowed(schema: type[Body]) -> Callable[[View], View]:
    """Let a form stand for an object with those of its fields that ``schema`` has; of one that comes twice the first counts."""

    def allow(view: View) -> View:
        @wraps(view)
        def read(*args: Any, **kwargs: Any) -> Any:
            if request.mimetype == FORM and BODY_REFUSED not in request.environ:
                known = _instance(schema).fields
                g.json = {name: text for name, text in request.form.items() if name in known}
            return view(*args, **kwargs)

        return read

    return allow


def decode_json(data: bytes) -> Any:
    """The value of a JSON text (RFC 8259) without a BOM, duplicate names, NaN, deep nesting or half surrogates."""
    try:
        if _depth(data) > MAX_DEPTH:
            raise ValueError("nested too deep")
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
        if rb"\u" in data and _SURROGATES.search(json.dumps(value, ensure_ascii=False)):
            raise ValueError("half a surrogate pair")
    except ValueError:
        raise MalformedJson from None
    return value


def read_json() -> Any:
    """The request's JSON value; raises for 413, 415 and 400."""
    if "json" not in g:
        if refused := request.environ.get(BODY_REFUSED):
            raise PROBLEM_OF_BODY[refused]
        if request.mimetype != "application/json":
            raise UnsupportedMediaType
        g.json = decode_json(request.get_data(cache=False))
    return g.json


def _load(schema: type[Schema], body: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _instance(schema).load(body)
    except ValidationError as error:
        refused = Invalid()
        refused.members["errors"] = error.normalized_messages()
        raise refused from None
    return loaded


@cache
def _instance(schema: type[Schema]) -> Schema:
    """One instance of a schema serves all requests: making one costs more than using it."""
    return schema()


def _depth(data: bytes) -> int:
    """How deep a text is nested; counted only where it has brackets enough."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return 0
    deepest = depth = 0
    for byte in _STRINGS.sub(b"", data):
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name twice")
    return names


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
