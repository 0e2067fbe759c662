"""The build of argon2 that hashes: never one that the processor can't run, nor one of another version."""

import platform
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

from services.argon2_build import LIBRARY, NEEDED, choose_build, processor_flags
from services.passwords import PasswordHasher

ROOT = Path(__file__).resolve().parents[2]
THIS = version(LIBRARY)
PASSWORD = "correct horse battery"
# Where the build is, and what it makes of a password; it verifies what the other build has made.
HASHES = f"""
import sys
import services.passwords
from _argon2_cffi_bindings import _ffi
hasher = services.passwords.PasswordHasher()
assert hasher.verify(sys.argv[1], {PASSWORD!r})
print(_ffi.__file__, hasher.hash({PASSWORD!r}), sep="\\n")
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A folder as ``accelerate.sh`` makes it, for a version."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(of=THIS):
        folder = tmp_path / "accelerated"
        (folder / f"argon2_cffi_bindings-{of}.dist-info").mkdir(parents=True)
        return folder

    return make


def processor(tmp_path, *flags):
    described = tmp_path / "cpuinfo"
    described.write_text(f"model name : one of them\nflags\t\t: fpu sse2 {' '.join(flags)}\n")
    return described


def test_it_is_found_first_where_the_processor_can_run_it(build, tmp_path):
    folder = build()
    assert choose_build(folder, processor(tmp_path, *NEEDED)) is None
    assert sys.path[0] == str(folder)


def test_a_processor_without_avx2_uses_the_published_build(build, tmp_path):
    folder = build()
    said = choose_build(folder, processor(tmp_path, *NEEDED - {"avx2"}))
    assert said == "This processor has no avx2: the published build of argon2 is used."
    assert str(folder) not in sys.path


def test_another_version_is_not_used(build, tmp_path):
    folder = build("1.0")
    assert "make accelerate" in choose_build(folder, processor(tmp_path, *NEEDED))
    assert str(folder) not in sys.path


@pytest.mark.parametrize("makes", [False, True])
def test_without_a_build_nothing_is_said(tmp_path, makes):
    folder = tmp_path / "accelerated"
    if makes:  # as the image has it for other processors
        folder.mkdir()
    assert choose_build(folder, tmp_path / "nothing") is None


def test_what_does_not_say_what_it_can_do_can_do_nothing(build, tmp_path):
    assert "no " in choose_build(build(), tmp_path / "nothing")


def test_it_is_built_found_and_hashes_alike(tmp_path):
    """As ``make accelerate`` makes it, in an environment beside this one: each build verifies what the other has hashed."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    packages = Path(run(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    built = subprocess.run([ROOT / "accelerate.sh", environment], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    told = run(python, HASHES, PasswordHasher().hash(PASSWORD)).splitlines()
    if platform.machine() == "x86_64" and not NEEDED - processor_flags():
        assert told[0].startswith(str(environment / "accelerated"))
    assert PasswordHasher().verify(told[1], PASSWORD)


@pytest.mark.parametrize("first", ["services.passwords", "api.app", "bench.hashing", "bench.growth.__main__"])
def test_whoever_hashes_has_chosen_the_build_before(first):
    """What imports argon2 first decides; so the choice must come earlier, whatever is imported."""
    said = run(
        sys.executable,
        f"import sys; import {first}; names = list(sys.modules); print(names.index('services') < names.index('argon2'))",
    )
    assert said == "True"


def run(python, code, *arguments):
    """What a Python says to some code, without the last line's end."""
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.rstrip("\n")
