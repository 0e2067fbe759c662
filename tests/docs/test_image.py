"""The Docker image has all that the server imports."""

import re
import tomllib

from tests.docs.markdown import read


def test_the_image_has_every_package():
    packages = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["root_packages"]
    copied = re.findall(r"^COPY (\w+) \1$", read("Dockerfile"), re.MULTILINE)
    assert set(copied) == {*packages, "migrations"}
    assert set(copied) <= set(re.findall(r"^!(\w+)$", read(".dockerignore"), re.MULTILINE))
