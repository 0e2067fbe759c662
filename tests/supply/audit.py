"""Asks whether what is pinned has known vulnerabilities: ``python -m tests.supply.audit``.

One that is found ends with exit code 1. Where the source of that knowledge can't be asked, a sentence says so and the code is 0.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from api.config import ROOT

# The smallest first: a source that knows nothing of it is not there.
FILES = (
    "requirements-tencent.txt",
    "requirements-aliyun.txt",
    "requirements-otel.txt",
    "requirements.txt",
    "requirements-dev.txt",
)
COMMAND = (sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "10", "--format", "json")
SECONDS = 300


@dataclass(frozen=True)
class Findings:
    """What one file's audit said: how many packages were looked up, which were not, and the vulnerabilities in words."""

    audited: int
    unknown: tuple[str, ...]
    vulnerabilities: tuple[str, ...]


def findings(report: str) -> Findings | None:
    """Read a report of pip-audit; None where it is none, as when the source did not answer."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    asked = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'nothing yet'}"
        for package in asked
        for fault in package["vulns"]
    ]
    skipped = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Findings(len(asked), skipped, tuple(found))


def audit(file: str, command: Sequence[str] = COMMAND) -> Findings | None:
    """Look the packages of one file up."""
    arguments = (*command, "--disable-pip", "--require-hashes", "--requirement", file)
    try:
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return findings(done.stdout)


def main(command: Sequence[str] = COMMAND) -> int:
    """Audit file by file; the exit code."""
    found: list[str] = []
    for file in FILES:
        said = audit(file, command)
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
