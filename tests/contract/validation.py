"""``check_reply``: every reply of the test suite is held against openapi.yaml."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema_rs import Draft202012Validator

from tests.contract.description import DOCUMENT, ELSEWHERE, OPERATIONS, PROBLEM, Operation, Response

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
TEMPLATES = {
    path: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
    for path in sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))
}
VALIDATORS: dict[int, Draft202012Validator] = {}
BY_ROUTE = {(operation.method, operation.path): operation for operation in OPERATIONS}
NORMAL_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFKC", text),
)


class NotAsDeclared(AssertionError):
    """A reply that openapi.yaml does not promise."""


def check_reply(
    method: str, path_or_url: str, status: int, headers: Headers, body: bytes, request_body: Any = None
) -> None:
    """Raise ``NotAsDeclared`` unless the reply is one that openapi.yaml declares.

    ``request_body`` (bytes, or the value that was sent as JSON) is checked where it was accepted: what the server takes must
    be declared too.
    """
    method, path = method.upper(), _path(path_or_url)
    place = f"{method} {path} answered {status}"
    received = _joined(headers)
    if method == "OPTIONS" and status == 200:
        _expect(_template(path) is not None, place, "but no such path is declared, so 404 is due")
        _check_headers(ELSEWHERE["method"], received, place)
        return
    operation, response = _declared(method, path, status, place)
    _check_headers(response, received, place)
    if method == "HEAD":
        _expect(not body, place, "with a body")
    else:
        _check_body(response, status, received, body, place)
    if operation and operation.request and request_body is not None and status < 300:
        _check_accepted(operation, request_body, place)


def _path(path_or_url: str) -> str:
    """The path as routing sees it, without what a client adds before and behind it."""
    path = urlsplit(path_or_url).path if path_or_url.startswith(("http://", "https://")) else path_or_url
    return unquote(re.split("[?#]", path, maxsplit=1)[0]) or "/"


def _joined(headers: Headers) -> dict[str, str]:
    """By lower-case name; one that is there twice is joined by a comma (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers.items() if hasattr(headers, "items") else headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _declared(method: str, path: str, status: int, place: str) -> tuple[Operation | None, Response]:
    """The operation, and what it declares for the status; or what any other address or method answers."""
    template = _template(path)
    if template is None:
        _expect(status == 404, place, "but no such path is declared, so 404 is due")
        return None, ELSEWHERE["address"]
    operation = BY_ROUTE.get(("GET" if method == "HEAD" else method, template))
    if operation is None:
        _expect(status == 405, place, "but the path has no such method, so 405 is due")
        return None, ELSEWHERE["method"]
    known = ", ".join(map(str, operation.responses))
    _expect(status in operation.responses, place, f"which is not among the statuses of {operation}: {known}")
    return operation, operation.responses[status]


@lru_cache(maxsize=4096)
def _template(path: str) -> str | None:
    return next((template for template, pattern in TEMPLATES.items() if pattern.fullmatch(path)), None)


def _check_headers(response: Response, received: dict[str, str], place: str) -> None:
    for name, header in response.headers.items():
        value = received.get(name.lower())
        if value is None:
            _expect(not header.get("required"), place, f"without the header {name}")
        else:
            typed = int(value) if header["schema"].get("type") == "integer" and value.isdecimal() else value
            _check_value(_validator(header["schema"]), typed, f"{place} with the header {name}: {value}", ())


def _check_body(response: Response, status: int, received: dict[str, str], body: bytes, place: str) -> None:
    if not response.content:
        _expect(not body, place, "with a body, where none is declared")
        return
    content_type = received.get("content-type", "").partition(";")[0].strip().lower()
    media = response.content.get(content_type)
    _expect(media is not None, place, f"as {content_type or 'nothing'}, declared are {', '.join(response.content)}")
    if not content_type.endswith("json"):
        return
    value = _decoded(body, place)
    _check_value(_validator(media["schema"]), value, place, ("body",))
    if content_type == PROBLEM:
        _check_problem(response, status, received, value, place)


def _check_problem(
    response: Response, status: int, received: dict[str, str], problem: dict[str, Any], place: str
) -> None:
    """What a problem says twice is the same, and its code is one of those declared for this operation and status."""
    code = problem["code"]
    _expect(code in response.codes, place, f"with code {code}, declared are {', '.join(response.codes)}")
    _expect(problem["status"] == status, place, f"with {problem['status']} as the body's status")
    _expect(problem["type"].endswith(f"#{code}"), place, f"with code {code} and type {problem['type']}")
    _expect(problem["request_id"] == received["x-request-id"], place, "with two different request ids")
    told = received.get("retry-after")
    _expect(str(problem.get("retry_after", told)) == str(told), place, f"with retry_after unlike Retry-After: {told}")


def _check_accepted(operation: Operation, request_body: Any, place: str) -> None:
    """Lengths are declared for normalised text, so a body has to fit in one of the forms."""
    sent = _decoded(request_body, place) if isinstance(request_body, bytes) else request_body
    validator = _validator(operation.request["schema"])
    if not any(validator.is_valid(_in_form(form, sent)) for form in NORMAL_FORMS):
        _check_value(validator, sent, f"{place} to a request that is not declared", ("body",))


def _in_form(form: Callable[[str], str], fields: Any) -> Any:
    if not isinstance(fields, dict):
        return fields
    return {name: form(value) if isinstance(value, str) else value for name, value in fields.items()}


def _check_value(validator: Draft202012Validator, value: Any, place: str, root: tuple[str, ...]) -> None:
    if validator.is_valid(value):
        return
    faults = [
        f"{'.'.join(map(str, (*root, *error.instance_path)))} {error.message}" for error in validator.iter_errors(value)
    ]
    raise NotAsDeclared(f"{place}, not as declared: {'; '.join(fault.strip() for fault in faults)}")


def _decoded(body: bytes, place: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise NotAsDeclared(f"{place} with a body that is no JSON: {body[:80]!r}") from None


def _expect(holds: bool, place: str, fault: str) -> None:
    if not holds:
        raise NotAsDeclared(f"{place} {fault}")


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Compiled once: the document is read once, so its parts stay the same objects."""
    if id(schema) not in VALIDATORS:
        whole = {**schema, "components": DOCUMENT["components"]}
        VALIDATORS[id(schema)] = Draft202012Validator(whole, validate_formats=True)
    return VALIDATORS[id(schema)]
