"""The rules of docs/operations/alerts.yaml at work: each fires where it should, and not where it should not (tests/alerts)."""

import shutil
import subprocess

import pytest
import yaml

from api.config import ROOT
from tests.docs.test_metrics import ALERTS

FOLDER = ROOT / "tests" / "alerts"
NAMES = [rule["alert"] for rule in ALERTS]


def asked(name: str) -> list[dict]:
    """What is asked of an alert, each at one time of some story."""
    stories = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["tests"]
    return [question for story in stories for question in story["alert_rule_test"]]


def test_every_alert_has_a_file_and_no_other_does():
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_where_it_should_and_not_elsewhere(name):
    questions = asked(name)
    assert {question["alertname"] for question in questions} == {name}
    assert {"exp_alerts" in question for question in questions} == {True, False}
    program = shutil.which("promtool") or pytest.exit("There is no promtool: apt-get install prometheus.", 3)
    done = subprocess.run(
        [program, "test", "rules", str(FOLDER / f"{name}.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
