"""The Dockerfile: pinned, made in one stage and run in another that has no tools, by nobody in particular."""

import re

from tests.deploy.places import documents
from tests.docs.markdown import ROOT, read
from tests.supply.requirements import SHIPPED

DOCKERFILE = read("Dockerfile").replace("\\\n", " ")
LAST_STAGE = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def test_its_base_is_pinned():
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", re.search(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)[1])
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE)
    assert {base for base, _ in stages} == {"${BASE}"}
    assert len(stages) > 1


def test_what_runs_has_no_tools_and_is_not_root():
    assert "pip uninstall --yes pip setuptools wheel" in LAST_STAGE
    assert not re.search(r"apt-get|pip install|gcc|build-essential", LAST_STAGE)
    assert re.findall(r"^USER (\S+)$", LAST_STAGE, re.MULTILINE) == ["10001"]
    assert LAST_STAGE.index("USER 10001") > max(
        at.end() for at in re.finditer(r"^(RUN|COPY) ", LAST_STAGE, re.MULTILINE)
    )


def test_whatever_is_installed_has_its_hash():
    installs = re.findall(r"^.*\bpip\b.* install .*$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == len(re.findall("--require-hashes", DOCKERFILE)) > 1
    vendors = re.search(r'^ARG VENDORS="(.+)"$', DOCKERFILE, re.MULTILINE)[1].split()
    assert set(vendors) == {"tencent", "aliyun"}
    named = set(re.findall(r"-r (requirements\S*)\.txt", " ".join(installs)))
    assert named | {f"requirements-{vendor}" for vendor in vendors} == set(SHIPPED)


def test_the_context_has_what_is_copied_and_nothing_else():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    let_in = re.findall(r"^!(\S+)$", read(".dockerignore"), re.MULTILINE)
    assert {name for names in copied for name in names.split()} == set(let_in)
    assert read(".dockerignore").startswith("*\n")


def test_everybody_calls_the_port_that_it_has():
    (port,) = re.findall(r"^EXPOSE (\d+)$", LAST_STAGE, re.MULTILINE)
    assert f"PORT={port}" in LAST_STAGE
    (deployment,) = documents(ROOT / "deploy/kubernetes/deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": int(port)}]
    assert set(re.findall(r"server accounts-\w:(\d+)", read("deploy/nginx/nginx.conf"))) == {port}
