"""docs/security.md lists every requirement and every fault, and leads to the tests that show them or says why none does."""

import re

import pytest

from api.config import ROOT
from tests.docs.markdown import LINK, read, rows, section

REQUIREMENTS = [f"R{number}" for number in range(1, 57)]
SHOWS = re.compile(r'"""((?:R\d+(?:, )?)+): ')
PAGE = read("docs/security.md")
TABLE = {row[0]: row for row in rows(PAGE) if re.fullmatch(r"R\d+", row[0])}
FAULTS = {row[0]: row for row in rows(section(PAGE, "Under fault"))}
UNSHOWN = "Not shown by a test: "


def shown_by(path) -> set[str]:
    """The numbers with which docstrings of a file begin."""
    return {number for numbers in SHOWS.findall(path.read_text(encoding="utf-8")) for number in numbers.split(", ")}


def test_every_requirement_has_its_row():
    assert list(TABLE) == REQUIREMENTS


@pytest.mark.parametrize("number", TABLE)
def test_each_guarantee_leads_to_tests_that_show_it(number):
    _, guarantee, cell = TABLE[number]
    files = LINK.findall(cell)
    assert guarantee
    assert bool(files) != guarantee.startswith(UNSHOWN)
    assert [file for file in files if number not in shown_by(ROOT / "docs" / file)] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_leads_to_tests_that_there_are(fault):
    _, promise, cell = FAULTS[fault]
    files = LINK.findall(cell)
    assert bool(files) != promise.startswith(UNSHOWN)
    assert [file for file in files if not (ROOT / "docs" / file).is_file()] == []


def test_every_requirement_that_a_test_shows_is_listed():
    shown = set().union(*(shown_by(path) for path in (ROOT / "tests").rglob("test_*.py")))
    assert sorted(shown - TABLE.keys()) == []
