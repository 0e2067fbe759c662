"""The READMEs say what is so: their commands run, their tables are the code's, and both languages say the same."""

import re
import subprocess

import pytest

from api.config import ROOT
from api.routes import ROUTES
from tests.docs.markdown import READMES, headings, read, rows, section, shell_blocks

FIRST_LINE = "API=http://127.0.0.1:5000\n"
PHONE_LINE = re.compile(r"^PHONE=.*$", re.MULTILINE)
NEEDS_TOKEN = {"yes": True, "no": False, "是": True, "否": False}


def wizard(readme: str) -> str:
    """The shell blocks of the wizard, as printed."""
    script = "".join(shell_blocks(section(read(readme), FIRST_LINE)))
    assert script.startswith(FIRST_LINE)
    return script


def run(script: str, api: str) -> str:
    """What bash prints for a script of a README; only the value of API is another."""
    command = ["bash", "-euo", "pipefail", "-c", script.replace(FIRST_LINE, f"API={api}\n", 1)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("readme", READMES)
def test_the_wizard_runs_as_printed(readme, live):
    *shown, last = run(wizard(readme), live.url).splitlines()
    assert last == "session_revoked"
    profile = shown[-1]
    assert re.search(r'"phone":"\+86138\*{4}\d{4}"', profile), profile


@pytest.mark.parametrize("readme", READMES)
def test_the_wizard_can_be_pasted_again(readme, live):
    """The phone is made of the second of the day, so that a second later it is another."""
    (line,) = PHONE_LINE.findall(wizard(readme))
    phones = [
        run(f"{FIRST_LINE}date() {{ /usr/bin/env date -d @{second} +%s; }}\n{line}\necho $PHONE", live.url)
        for second in (1800000000, 1800000001)
    ]
    assert phones == ["13800000000\n", "13800000001\n"]


def test_both_readmes_have_the_same_headings():
    levels = [[level for level, _ in headings(read(readme))] for readme in READMES]
    assert levels[0] == levels[1]


def test_both_readmes_have_the_same_commands():
    assert shell_blocks(read(READMES[0])) == shell_blocks(read(READMES[1]))


def test_both_readmes_lead_to_the_same_places():
    found = [set(re.findall(r"\]\(([^)]+)\)", read(readme))) - set(READMES) for readme in READMES]
    assert found[0] == found[1]


@pytest.mark.parametrize("readme", READMES)
def test_the_table_of_calls_is_the_table_of_routes(readme):
    written = {
        (method.strip("`"), path.strip("`")): NEEDS_TOKEN[token]
        for method, path, _, token in (row for row in rows(read(readme)) if len(row) == 4)
    }
    assert written == {
        (method, re.sub(r"<(\w+)>", r"{\1}", url)): hasattr(getattr(resource, method.lower()), "login_required")
        for url, resource in ROUTES
        for method in resource.methods
    }


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_make_are_there(readme):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)\b", "".join(shell_blocks(read(readme)))))
    assert targets >= {"run", "test"}
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
