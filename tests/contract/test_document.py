"""openapi.yaml itself: valid, and every example in it true."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.description import DOCUMENT, OPERATIONS, resolve

Example = tuple[str, dict[str, Any], Any]


def _of_media(place: str, content: dict[str, Any]) -> Iterator[Example]:
    for media in content.values():
        for name, example in media["examples"].items():
            yield f"{place} {name}", media["schema"], resolve(example)["value"]


def _examples() -> Iterator[Example]:
    components = DOCUMENT["components"]
    for operation in OPERATIONS:
        for parameter in operation.parameters:
            if parameter not in components["parameters"].values():
                yield from _of_media(f"{operation} {parameter['name']}", {"": parameter})
        if operation.request:
            yield from _of_media(f"{operation}", {"application/json": operation.request})
        for status, response in operation.node["responses"].items():
            yield from _of_media(f"{operation} {status}", response.get("content", {}))
    for name, response in components["responses"].items():
        yield from _of_media(name, response.get("content", {}))
    yield from _of_media("parameter", components["parameters"])
    for name, header in components["headers"].items():
        yield name, header["schema"], header["example"]
    for name, schema in components["schemas"].items():
        yield from _of_schema(name, schema)
    for name, example in components["examples"].items():
        yield name, {"$ref": "#/components/schemas/Problem"}, example["value"]


def _of_schema(name: str, schema: dict[str, Any]) -> Iterator[Example]:
    for example in schema.get("examples", []):
        yield name, schema, example
    for field, part in schema.get("properties", {}).items():
        yield from _of_schema(f"{name}.{field}", part)


EXAMPLES = list(_examples())


def test_the_document_is_valid():
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_there_is_an_example_for_every_request_and_reply():
    bodies = [operation.request for operation in OPERATIONS if operation.request]
    bodies += [media for o in OPERATIONS for response in o.responses.values() for media in response.content.values()]
    assert all(media["examples"] for media in bodies)


@pytest.mark.parametrize(("place", "schema", "value"), EXAMPLES, ids=[place for place, _, _ in EXAMPLES])
def test_an_example_fits_its_schema(place, schema, value):
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, validate_formats=True).validate(value)


def test_every_component_is_used():
    text = repr(DOCUMENT)
    unused = [
        f"{kind}/{name}"
        for kind, components in DOCUMENT["components"].items()
        for name in components
        if kind != "securitySchemes" and f"#/components/{kind}/{name}'" not in text
    ]
    assert unused == ["schemas/Problem"], "Problem is there for clients: the union of all failures"


def test_every_operation_is_told_apart_and_told_about():
    names = [operation.node["operationId"] for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    known = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in OPERATIONS:
        assert operation.node["summary"]
        assert operation.node["description"]
        assert set(operation.node["tags"]) <= known
        assert 500 in operation.responses


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.is_protected], ids=str)
def test_a_protected_operation_says_how_tokens_are_refused(operation):
    assert operation.responses[401].codes == ["token_missing", "token_invalid", "token_expired", "session_revoked"]


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.request], ids=str)
def test_an_operation_with_a_body_says_how_bodies_are_refused(operation):
    assert {400, 413, 415, 422} <= operation.responses.keys()
    assert "validation_failed" in operation.responses[422].codes
