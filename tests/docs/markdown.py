"""What the tests read out of a Markdown page."""

import re
from pathlib import Path

from api.config import ROOT

READMES = ("README.md", "README.zh-CN.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) +(.+?)\s*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Every page that is for readers of the project."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), ROOT / "tests/README.md"]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def shell_blocks(text: str) -> list[str]:
    return [code for language, code in FENCE.findall(text) if language == "sh"]


def headings(text: str) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    return [(len(marks), words) for marks, words in HEADING.findall(FENCE.sub("", text))]


def section(text: str, containing: str) -> str:
    """The part under one ``##`` heading that has these words in it."""
    return next(part for part in re.split(r"^## ", text, flags=re.MULTILINE) if containing in part)


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, headings and rulers excepted."""
    lines = [line for line in FENCE.sub("", text).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]
    rulers = {i for i, row in enumerate(cells) if all(re.fullmatch(r":?-+:?", cell) for cell in row)}
    return [row for i, row in enumerate(cells) if i not in rulers and i + 1 not in rulers]


def links(text: str) -> list[str]:
    """The targets inside the project, each a path, an ``#anchor`` or both."""
    return [target for target in LINK.findall(FENCE.sub("", text)) if "://" not in target]


def anchors(path: Path) -> set[str]:
    """The anchors that a page offers: those of its headings, as GitHub makes them, and those written out."""
    text = path.read_text(encoding="utf-8")
    made = {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(text)}
    return made | set(re.findall(r'<a id="([^"]+)"', text))
