"""The pinned requirements, as the files that pip installs from say them."""

import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from api.config import ROOT

SHIPPED = ("requirements", "requirements-tencent", "requirements-aliyun", "requirements-otel")
# What accelerate.sh builds from its source.
ACCELERATED = "argon2-cffi-bindings"
FILES = (*SHIPPED, "requirements-accelerate", "requirements-dev")
PIN = re.compile(r"^([^\s#][^\n\\]*?) *((?:\\\n +--hash=sha256:[0-9a-f]{64} *)+)$", re.MULTILINE)
HASH = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """One version of one package; ``hashes`` are SHA-256 of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def pins(file: str) -> list[Pin]:
    """Those of ``requirements….txt``, in its order."""
    found = []
    for line, hashes in PIN.findall((ROOT / f"{file}.txt").read_text(encoding="utf-8")):
        wanted = Requirement(line)
        (version,) = (clause.version for clause in wanted.specifier)
        found.append(
            Pin(canonicalize_name(wanted.name), version, str(wanted.marker or ""), tuple(HASH.findall(hashes)))
        )
    return found


def wishes(file: str) -> list[Requirement]:
    """What ``requirements….in`` asks for, without its comments and constraints."""
    lines = (ROOT / f"{file}.in").read_text(encoding="utf-8").splitlines()
    bare = (re.sub(r"(^| )#.*", "", line).strip() for line in lines)
    return [Requirement(line) for line in bare if line and not line.startswith("-c")]


def constraints(file: str) -> list[str]:
    """The files whose versions hold here too."""
    text = (ROOT / f"{file}.in").read_text(encoding="utf-8")
    return re.findall(r"^-c (requirements\S*)\.txt$", text, re.MULTILINE)
