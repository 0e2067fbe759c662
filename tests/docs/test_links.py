"""What a page names is there: the files it links to, and the files it speaks of."""

import re

import pytest

from api.config import ROOT
from tests.docs.markdown import anchors, links, pages, read

FOLDERS = "api|bench|deploy|docs|examples|mail|migrations|models|postman|resources|schemas|services|sms|tests"
FILE = re.compile(rf"`((?:{FOLDERS})/[\w./-]+\.\w+)`")


@pytest.mark.parametrize("page", pages())
def test_every_relative_link_leads_somewhere(page):
    for target in links(read(page)):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", pages())
def test_every_file_that_is_spoken_of_is_there(page):
    gone = [name for name in FILE.findall(read(page)) if not (ROOT / name).exists()]
    assert gone == []
