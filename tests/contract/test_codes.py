"""One catalogue of codes in three places: api/problems.py, openapi.yaml and docs/errors.md."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from api.problems import PROBLEMS
from services.errors import ServiceError
from tests.contract.description import DOCUMENT, ELSEWHERE, OPERATIONS, PROBLEM, resolve

DECLARED = [
    *(
        (str(operation), status, response)
        for operation in OPERATIONS
        for status, response in operation.responses.items()
    ),
    ("elsewhere", 404, ELSEWHERE["address"]),
    ("elsewhere", 405, ELSEWHERE["method"]),
]
# Each reply once: most are shared by many operations.
REPLIES = list({id(response.node): (place, status, response) for place, status, response in DECLARED}.values())
FAILURES = [declared for declared in REPLIES if declared[1] >= 400]
ROW = re.compile(r"\| <a id=\"(\w+)\"></a>`(\w+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|")
ROWS = ROW.findall((Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8"))
VARIANTS = [resolve(variant) for variant in DOCUMENT["components"]["schemas"]["Problem"]["oneOf"]]


def _codes_of(variant):
    code = variant["properties"]["code"]
    return code.get("enum", [code.get("const")])


def _members_by_code():
    """The members that each code brings, as the schemas say."""
    members = defaultdict(set)
    for variant in VARIANTS:
        for code in _codes_of(variant):
            members[code] |= variant["properties"].keys() - {"code"}
    return members


def _subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def test_every_code_is_declared_with_its_status_and_no_other_is():
    declared = {(code, status) for _, status, response in DECLARED for code in response.codes}
    assert declared == {(code, problem.status) for code, problem in PROBLEMS.items()}


def test_every_code_has_a_schema_that_says_its_members():
    assert {code for variant in VARIANTS for code in _codes_of(variant)} == set(PROBLEMS)


def test_every_error_of_the_services_is_in_the_catalogue():
    assert {cls.code for cls in _subclasses(ServiceError) if hasattr(cls, "code")} <= set(PROBLEMS)


@pytest.mark.parametrize(("place", "status", "response"), FAILURES, ids=[f"{p} {s}" for p, s, _ in FAILURES])
def test_a_failure_has_one_example_for_each_of_its_codes(place, status, response):
    assert list(response.content) == [PROBLEM]
    examples = [resolve(example)["value"] for example in response.content[PROBLEM]["examples"].values()]
    assert response.codes
    assert Counter(example["code"] for example in examples) == Counter(response.codes)
    assert {example["status"] for example in examples} == {status}


@pytest.mark.parametrize(("place", "status", "response"), FAILURES, ids=[f"{p} {s}" for p, s, _ in FAILURES])
def test_an_example_says_what_the_catalogue_says(place, status, response):
    for example in (resolve(example)["value"] for example in response.content[PROBLEM]["examples"].values()):
        problem = PROBLEMS[example["code"]]
        said = [(problem.title[tongue], problem.detail[tongue].format(**example)) for tongue in problem.title]
        assert (example["title"], example["detail"]) in said


@pytest.mark.parametrize(("place", "status", "response"), REPLIES, ids=[f"{p} {s}" for p, s, _ in REPLIES])
def test_a_reply_has_the_headers_of_its_status(place, status, response):
    due = {"X-Request-ID", "Cache-Control", "X-Content-Type-Options"}
    due |= {401: {"WWW-Authenticate"}, 405: {"Allow"}, 429: {"Retry-After"}, 503: {"Retry-After"}}.get(status, set())
    assert due <= {name for name, header in response.headers.items() if header["required"]}


def test_every_code_is_explained_to_people_once():
    assert Counter(code for _, code, *_ in ROWS) == Counter(PROBLEMS.keys())
    assert all(anchor == code for anchor, code, *_ in ROWS)


@pytest.mark.parametrize(("code", "status", "members"), [(row[1], row[2], row[5]) for row in ROWS])
def test_the_explanation_has_the_status_and_the_members(code, status, members):
    assert int(status) == PROBLEMS[code].status
    assert set(re.findall(r"`(\w+)`", members)) == _members_by_code()[code]
