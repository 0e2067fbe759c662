"""The tour that testers run in Postman, run here by newman against the real server."""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest
import yaml
from limits import parse_many

from api.config import LIMITS, ROOT
from tests.timetravel import age_redis

pytestmark = pytest.mark.one_database

FOLDER = ROOT / "postman"
NEWMAN = FOLDER / "node_modules" / ".bin" / "newman"
COLLECTION = FOLDER / "dongbao.postman_collection.json"
ENVIRONMENT = FOLDER / "dongbao.postman_environment.json"
MINUTE = 60
HOUR = 3600


@pytest.fixture(scope="module")
def collection() -> dict:
    return json.loads(COLLECTION.read_text(encoding="utf-8"))


@pytest.fixture
def run_tour(tmp_path):
    """Run all of it; returns newman's report."""

    def run(url: str, language: str) -> dict:
        if not NEWMAN.exists():
            pytest.fail("newman is not installed: run npm ci --prefix postman", pytrace=False)
        report = tmp_path / f"{language}.json"
        command = [NEWMAN, "run", COLLECTION, "--environment", ENVIRONMENT, "--env-var", f"base_url={url}"]
        command += ["--env-var", f"language={language}", "--reporters", "json", "--reporter-json-export", report]
        done = subprocess.run(
            command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False, timeout=300
        )
        assert report.exists(), done.stdout + done.stderr
        return json.loads(report.read_text(encoding="utf-8"))["run"]

    return run


@pytest.mark.settings(SMS_COOLDOWN_SECONDS=2, CHALLENGE="adaptive", **LIMITS)
def test_the_tour_is_green_on_default_limits_and_again_a_minute_later_in_english(run_tour, live, redis):
    for language in ("zh-CN", "en"):
        report = run_tour(live.url, language)
        assert _failures(report) == []
        assert report["stats"]["requests"]["total"] == len(report["executions"]) > 60
        assert report["stats"]["assertions"]["total"] > 400
        age_redis(redis, MINUTE)


def test_the_default_limits_allow_as_many_runs_as_the_description_promises(collection):
    calls = Counter((request["method"], _path(request["url"])) for _, request in _requests(collection["item"]))
    cost = {
        "LIMIT_SMS_PER_ADDRESS": calls["POST", "/v1/sms"] + calls["POST", "/v1/sms/*/resend"],
        "LIMIT_VERIFY_PER_ADDRESS": calls["POST", "/v1/sms/*/verify"] + calls["POST", "/v1/email/verify"],
        "LIMIT_REGISTER_PER_ADDRESS": calls["POST", "/v1/register"],
        "LIMIT_LOGIN_PER_ADDRESS": calls["POST", "/v1/login"] + calls["PUT", "/v1/me/email"],
        "LIMIT_AVAILABILITY_PER_ADDRESS": calls["GET", "/v1/register/availability"],
        "LIMIT_REFRESH_PER_ADDRESS": calls["POST", "/v1/token/refresh"],
    }
    windows = [(item.get_expiry(), item.amount // cost[name]) for name in cost for item in parse_many(LIMITS[name])]
    assert all(cost.values())
    assert min(runs for seconds, runs in windows if seconds == MINUTE) >= 1
    assert min(runs for seconds, runs in windows if seconds == HOUR) == 10
    assert "10 of them an hour" in collection["info"]["description"]


def test_the_tour_visits_every_call_that_openapi_describes(collection):
    described = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))["paths"]
    calls = {
        (method.upper(), re.sub(r"{\w+}", "*", path))
        for path, item in described.items()
        if path.startswith("/v1/")
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}
    }
    visited = {(request["method"], _path(request["url"])) for _, request in _requests(collection["item"])}
    assert calls
    assert calls - visited == set()


def test_every_request_has_an_id_of_its_own_a_description_and_tests(collection):
    items = list(_requests(collection["item"]))
    assert len({item["id"] for item, _ in items}) == len({item["name"] for item, _ in items}) == len(items)
    for item, request in items:
        tests = [event["script"]["exec"] for event in item["event"] if event["listen"] == "test"]
        assert any("pm.test(" in line for script in tests for line in script), item["name"]
        assert request["description"], item["name"]


def test_the_lock_file_names_no_download_addresses():
    packages = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert "node_modules/newman" in packages
    assert [name for name, package in packages.items() if "resolved" in package] == []


def _requests(items: list[dict]) -> Iterator[tuple[dict, dict]]:
    """Each request with the item that it stands in, in the order of the tour."""
    for item in items:
        if "item" in item:
            yield from _requests(item["item"])
        else:
            yield item, item["request"]


def _path(url: str) -> str:
    """The path with ``*`` for each variable part."""
    return re.sub(r"{{\w+}}", "*", url.removeprefix("{{base_url}}").partition("?")[0])


def _failures(report: dict) -> list[str]:
    return [
        f"{failure['source'].get('name')}: {failure['error'].get('test')}: {failure['error']['message']}"
        for failure in report["failures"]
    ]
