"""openapi.yaml, read once, in the words that the tests of it use."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
METHODS = ("get", "put", "post", "patch", "delete")
JSON = "application/json"
PROBLEM = "application/problem+json"


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """What a ``$ref`` within the file leads to; anything else is itself."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@dataclass(frozen=True)
class Response:
    """What is declared for one status of one operation."""

    node: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        return self.node.get("x-codes", [])

    @property
    def content(self) -> dict[str, dict[str, Any]]:
        return self.node.get("content", {})

    @cached_property
    def headers(self) -> dict[str, dict[str, Any]]:
        return {name: resolve(header) for name, header in self.node.get("headers", {}).items()}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    node: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def responses(self) -> dict[int, Response]:
        return {int(status): Response(resolve(node)) for status, node in self.node["responses"].items()}

    @property
    def parameters(self) -> list[dict[str, Any]]:
        shared = DOCUMENT["paths"][self.path].get("parameters", [])
        return [resolve(parameter) for parameter in (*shared, *self.node.get("parameters", []))]

    @property
    def request(self) -> dict[str, Any] | None:
        """The JSON body's media type object."""
        return resolve(self.node["requestBody"])["content"][JSON] if "requestBody" in self.node else None

    @property
    def is_protected(self) -> bool:
        """Whether no call without an access token is let in."""
        security = self.node.get("security", [])
        return bool(security) and all("accessToken" in way for way in security)


OPERATIONS = [
    Operation(method.upper(), path, item[method])
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
]
ELSEWHERE = {name: Response(resolve(node)) for name, node in DOCUMENT["x-elsewhere"].items()}


def is_array(media: dict[str, Any]) -> bool:
    """Whether a body is an array."""
    return resolve(media["schema"]).get("type") == "array"


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The object schemas that a body's schema allows: itself, or each of its alternatives."""
    schema = resolve(schema)
    if "oneOf" in schema:
        for alternative in schema["oneOf"]:
            yield from objects(alternative)
    else:
        yield schema
