"""docs/security.md lists every requirement and every fault, and leads to the tests that show them or says why none does."""

import ast
import re
from functools import cache

import pytest

from api.config import ROOT
from tests.docs.markdown import LINK, read, rows, section

REQUIREMENTS = [f"R{number}" for number in range(1, 57)]
SHOWS = re.compile(r"((?:[RF]\d+(?:, )?)+): ")
PAGE = read("docs/security.md")
FAULTS = {row[0]: row for row in rows(section(PAGE, "Under fault"))}
# Of each number: what holds, and the cell of links to tests.
TABLE = {row[0]: row[-2:] for row in rows(PAGE) if re.fullmatch(r"[RF]\d+", row[0])}
UNSHOWN = "Not shown by a test: "


@cache
def shown_by(path) -> dict[str, bool]:
    """The numbers with which docstrings of a file or of its tests begin, and whether `make test` runs one of these tests."""
    file = ast.parse(path.read_text(encoding="utf-8"))
    of_all = [ast.unparse(node) for node in file.body if isinstance(node, ast.Assign)]
    shown: dict[str, bool] = {}
    for test in [file, *(node for node in file.body if isinstance(node, ast.FunctionDef))]:
        if numbers := SHOWS.match(ast.get_docstring(test) or ""):
            marks = " ".join([*of_all, *map(ast.unparse, getattr(test, "decorator_list", []))])
            runs = "mark.cluster" not in marks or "mark.everywhere" in marks
            shown |= {number: runs or shown.get(number, False) for number in numbers[1].split(", ")}
    return shown


def test_every_requirement_and_every_fault_has_its_row():
    assert [number for number in TABLE if number.startswith("R")] == REQUIREMENTS
    assert list(FAULTS) == [f"F{number}" for number in range(1, len(FAULTS) + 1)]


@pytest.mark.parametrize("number", TABLE)
def test_each_row_leads_to_tests_that_show_it(number):
    """Such as `make test` runs are among them."""
    promise, cell = TABLE[number]
    shown = {file: shown_by(ROOT / "docs" / file) for file in LINK.findall(cell)}
    assert promise
    assert [file for file, numbers in shown.items() if number not in numbers] == []
    assert any(numbers[number] for numbers in shown.values()) != promise.startswith(UNSHOWN)


def test_every_number_that_a_test_shows_is_listed():
    shown = set().union(*(shown_by(path) for path in (ROOT / "tests").rglob("test_*.py")))
    assert sorted(shown - TABLE.keys()) == []


def test_every_file_that_shows_a_fault_is_in_its_row():
    files = {path: shown_by(path) for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [
        (number, path.name)
        for path, numbers in files.items()
        for number in numbers.keys() & FAULTS.keys()
        if f"../{path.relative_to(ROOT)}" not in LINK.findall(FAULTS[number][-1])
    ]
    assert missing == []
