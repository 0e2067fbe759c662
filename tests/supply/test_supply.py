"""What the server is made of: pinned by hashes, listed, and held against what is known of it."""

import json
import re
import sys

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from api.config import ROOT
from tests.supply import audit
from tests.supply.requirements import ACCELERATED, FILES, SHIPPED, constraints, pins, wishes
from tests.supply.sbom import JsonV1Dot6 as Output
from tests.supply.sbom import bill

FAULT = {"name": "flask", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
CLEAN = {"name": "flask", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "flask", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize("file", FILES)
def test_every_wish_is_pinned_and_fits(file):
    """R56: requirements….txt was made from requirements….in as it is now, and every version has its hashes."""
    pinned = {pin.name: pin for pin in pins(file)}
    assert all(pin.hashes for pin in pinned.values())
    for wish in wishes(file):
        name = canonicalize_name(wish.name)
        assert name in pinned, f"{wish} is not in {file}.txt: make requirements"
        assert pinned[name].version in wish.specifier


@pytest.mark.parametrize("file", FILES)
def test_no_two_files_pin_another_version(file):
    """R56: what is installed together was chosen together."""
    here = {pin.name: pin.version for pin in pins(file)}
    for other in constraints(file):
        there = {pin.name: pin.version for pin in pins(other)}
        assert {name: here[name] for name in here.keys() & there.keys()} == {
            name: there[name] for name in here.keys() & there.keys()
        }


def test_nothing_is_installed_that_is_not_in_a_file():
    """R56: not a line without a version and a hash."""
    for file in FILES:
        text = (audit.ROOT / f"{file}.txt").read_text(encoding="utf-8")
        unpinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#")) and "==" not in line]
        assert unpinned == []


def test_the_list_of_parts_is_whole_and_valid():
    """R56: CycloneDX, with every package that is shipped, by name and version."""
    text = Output(bill()).output_as_string()
    listed = {(part["name"], part["version"]) for part in json.loads(text)["components"]}
    assert listed == {(pin.name, pin.version) for file in SHIPPED for pin in pins(file)}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    built = [part["name"] for part in json.loads(text)["components"] if "properties" in part]
    assert built == re.findall(r"--no-binary (\S+)", (ROOT / "accelerate.sh").read_text()) == [ACCELERATED]
    assert all(part["purl"].startswith("pkg:pypi/") for part in json.loads(text)["components"])


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN], 0, "1 packages audited, 0 known"),
        ([CLEAN, FAULT], 1, "flask 1.0: PYSEC-1, mended in 1.1"),
        ([CLEAN, UNKNOWN], 0, "the source does not know flask"),
        ([UNKNOWN], 0, "can't be asked from here"),
    ],
)
def test_an_audit_fails_for_what_it_finds(packages, code, said, capsys):
    """R56: `make audit`; the auditor is stood in for by a program that prints its report."""
    report = json.dumps({"dependencies": packages})
    assert audit.main((sys.executable, "-c", f"print({report!r})")) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ("ERROR:pip_audit._cli:Tip: your network may be blocking this service.", 0, "can't be asked from here"),
        ("requests.exceptions.ProxyError: Max retries exceeded", 0, "can't be asked from here"),
        ("pip_audit._service.interface.ServiceError", 0, "can't be asked from here"),
        ("ERROR:pip_audit._cli:requirement flask does not contain a hash", 2, "flask does not contain a hash"),
        ("/usr/bin/python: No module named pip_audit", 2, "No module named pip_audit"),
        ("Traceback (most recent call last):\nKeyError: 'x'", 2, "KeyError"),
        ("", 2, "ended with 1, and said nothing"),
    ],
)
def test_an_audit_that_can_t_be_made_is_forgiven_for_the_network_only(told, code, said, capsys):
    """R56: an auditor that is missing, crashes, or can't read a file must not pass for one that found nothing."""
    assert audit.main((sys.executable, "-c", f"import sys; sys.exit({told!r} or 1)")) == code
    assert said in capsys.readouterr().out


def test_an_audit_that_prints_no_report_has_failed(capsys):
    assert audit.main((sys.executable, "-c", "print('[]')")) == 2
    assert "there is no report" in capsys.readouterr().out


def test_a_file_that_the_real_auditor_can_t_read_is_no_clean_one(tmp_path):
    """R56: before it asks anybody, so that it needs no network."""
    bare = tmp_path / "requirements.txt"
    bare.write_text("flask==3.0.0\n")
    with pytest.raises(audit.AuditFailed, match="does not contain a hash"):
        audit.audit(str(bare))


def test_every_file_is_audited():
    """R56: what builds the accelerated argon2, and what tests it, no less than what is shipped."""
    assert sorted(audit.FILES) == sorted(f"{file}.txt" for file in FILES)
