"""Which build of argon2 hashes: the published one, or one for processors with AVX2 where ``accelerate.sh`` has made it."""

import sys
from importlib.metadata import version
from pathlib import Path

LIBRARY = "argon2-cffi-bindings"
# x86-64-v3 in the words of /proc/cpuinfo; whoever runs such a build without them is killed.
NEEDED = frozenset(("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"))
CPUINFO = Path("/proc/cpuinfo")


def choose_build(folder: Path, cpuinfo: Path = CPUINFO) -> str | None:
    """Let imports find the build in ``folder`` first, if it is one for us; says why it is not, None where there is none."""
    if not any(folder.glob("*")):
        return None
    if lacking := NEEDED - processor_flags(cpuinfo):
        return f"This processor has no {', '.join(sorted(lacking))}: the published build of argon2 is used."
    if not (folder / f"{LIBRARY.replace('-', '_')}-{version(LIBRARY)}.dist-info").is_dir():
        return "The accelerated build of argon2 is of another version, so the published one is used: make accelerate."
    sys.path.insert(0, str(folder))
    return None


def processor_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """What the processor can do; nothing where nothing says so."""
    try:
        lines = cpuinfo.read_text("ascii", "replace").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())
