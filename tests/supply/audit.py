"""Asks whether what is pinned has known vulnerabilities: ``python -m tests.supply.audit``.

One that is found ends with exit code 1. Where the source of that knowledge can't be reached, a sentence says so and the code is 0;
an audit that fails for any other reason ends with 2.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from api.config import ROOT

# The smallest first: a source that knows nothing of it is not there.
FILES = (
    "requirements-tencent.txt",
    "requirements-aliyun.txt",
    "requirements-accelerate.txt",
    "requirements-otel.txt",
    "requirements.txt",
    "requirements-dev.txt",
)
COMMAND = (sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "10", "--format", "json")
SECONDS = 300
# What pip-audit says, or ends with, where the source does not answer, or a proxy does in its place.
UNREACHED = re.compile(
    r"your network may be blocking|^(requests\.exceptions|urllib3\.exceptions|pip_audit\._service\.interface)\.\w+",
    re.M,
)


class AuditFailed(Exception):
    """The auditor did not do its work, and it was not the network."""


@dataclass(frozen=True)
class Findings:
    """What one file's audit said: how many packages were looked up, which were not, and the vulnerabilities in words."""

    audited: int
    unknown: tuple[str, ...]
    vulnerabilities: tuple[str, ...]


def findings(report: str) -> Findings:
    """Read a report of pip-audit; raises ``AuditFailed`` where it is none."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise AuditFailed("there is no report") from None
    asked = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'nothing yet'}"
        for package in asked
        for fault in package["vulns"]
    ]
    skipped = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Findings(len(asked), skipped, tuple(found))


def audit(file: str, command: Sequence[str] = COMMAND) -> Findings | None:
    """Look the packages of one file up; None where the source can't be reached. Raises ``AuditFailed``."""
    arguments = (*command, "--disable-pip", "--require-hashes", "--requirement", file)
    try:
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    if done.stdout.strip():
        return findings(done.stdout)
    if UNREACHED.search(done.stderr):
        return None
    said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}, and said nothing"]
    raise AuditFailed(said[-1])


def main(command: Sequence[str] = COMMAND) -> int:
    """Audit file by file; the exit code."""
    found: list[str] = []
    for file in FILES:
        try:
            said = audit(file, command)
        except AuditFailed as error:
            print(f"{file}: the audit failed: {error}")
            return 2
        if said is None or not said.audited:
            print(f"{file}: not audited, as the source of known vulnerabilities can't be asked from here.")
            break
        print(f"{file}: {said.audited} packages audited, {len(said.vulnerabilities)} known vulnerabilities.")
        if said.unknown:
            print(f"{file}: the source does not know {', '.join(said.unknown)}.")
        found += said.vulnerabilities
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
