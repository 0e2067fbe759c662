"""docs/security.md lists the requirements that tests show, and leads to the tests that show them."""

import re

import pytest

from api.config import ROOT
from tests.docs.markdown import LINK, read, rows

SHOWS = re.compile(r'"""((?:R\d+(?:, )?)+): ')
TABLE = {row[0]: row for row in rows(read("docs/security.md")) if re.fullmatch(r"R\d+", row[0])}


def shown_by(path) -> set[str]:
    """The numbers with which docstrings of a file begin."""
    return {number for numbers in SHOWS.findall(path.read_text(encoding="utf-8")) for number in numbers.split(", ")}


@pytest.mark.parametrize("number", TABLE)
def test_each_guarantee_leads_to_tests_that_show_it(number):
    _, guarantee, cell = TABLE[number]
    files = LINK.findall(cell)
    assert guarantee
    assert files
    assert [file for file in files if number not in shown_by(ROOT / "docs" / file)] == []


def test_every_requirement_that_a_test_shows_is_listed():
    shown = set().union(*(shown_by(path) for path in (ROOT / "tests").rglob("test_*.py")))
    assert sorted(shown - TABLE.keys()) == []
