"""The benchmark of growth runs as its user runs it; what it finds of so few accounts is not judged here."""

import subprocess
import sys

from api.config import ROOT
from bench.growth.paths import PATHS
from bench.growth.rooms import TABLES, WRITERS


def test_every_path_table_and_log_has_figures():
    command = [sys.executable, "-m", "bench.growth", "--sizes", "50,100", "--rounds", "1", "--requests", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    named = [line.strip("| ").split(" | ")[0] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [name for name in (*PATHS, *TABLES, *WRITERS) if name not in named] == [], done.stdout
