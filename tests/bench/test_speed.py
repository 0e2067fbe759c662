"""The benchmark of speed runs as its user runs it; what it finds is not judged here."""

import subprocess
import sys

from api.config import ROOT

ROUTES = ("me", "login", "register", "refresh", "sms")


def test_every_route_has_figures():
    command = [sys.executable, "-m", "bench", "--seconds", "1", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()]
    failed = {row[0]: row[5] for row in rows if row[0] in (*ROUTES, "empty") and len(row) == 9}
    assert failed == dict.fromkeys((*ROUTES, "empty"), "0"), done.stdout
    assert {row[0] for row in rows if row[-1].startswith(("≤", "≥"))} == {"me", "login", "register"}
