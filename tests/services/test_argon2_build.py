"""The build of argon2 that hashes: never one that the processor can't run, nor one of another version."""

import sys
from importlib.metadata import version

import pytest

from services.argon2_build import LIBRARY, NEEDED, choose_build

THIS = version(LIBRARY)


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
