"""compose.yaml: what the schema of Compose asks, what the nodes read, and that no part has more than it needs."""

import json
import re
from importlib.resources import files

import jsonschema
import pytest
import yaml

from api.config import ROOT
from api.edge import MAX_RECEIPTS_BYTES
from api.server import STOP_SECONDS
from tests.deploy.places import PINNED, config_of, env_file
from tests.docs.markdown import read
from tests.docs.test_configuration import settings_written

COMPOSE = yaml.safe_load(read("compose.yaml"))
SERVICES = COMPOSE["services"]
NODES = ("accounts-a", "accounts-b")
INTERPOLATED = re.compile(r"\$\{(\w+):([?-])")


def test_it_is_a_compose_file():
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_pinned_and_held(name):
    service = SERVICES[name]
    assert service.get("build") == "." or PINNED.fullmatch(service["image"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(service[bound] for bound in ("cpus", "mem_limit", "pids_limit", "logging"))
    assert not service.get("privileged")
    assert service.get("cap_add", []) == (["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"] if name == "nginx" else [])


def test_only_nginx_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("postgres", "redis", "migrate"):
        assert SERVICES[name]["networks"] == ["back"]
    assert SERVICES["nginx"]["networks"] == ["front"]


def test_no_password_is_there_by_default():
    """Each is asked for by name, and .env.example has the same names with nothing behind them."""
    required = {name for name, how in INTERPOLATED.findall(read("compose.yaml")) if how == "?"}
    assert env_file(".env.example") == dict.fromkeys(required, "")
    example = env_file("accounts.env.example")
    assert {example[name] for name in ("SECRET_KEYS", "JWT_KEYS", "INTROSPECTION_CLIENTS")} == {""}
    values = [item for service in SERVICES.values() for item in service.get("environment", {}).items()]
    secret = [str(value) for name, value in values if "PASSWORD" in name or "@" in str(value)]
    assert all(INTERPOLATED.search(value) for value in secret)


@pytest.mark.parametrize("name", [*NODES, "migrate"])
def test_the_nodes_read_what_they_are_given(name):
    """Every name is a setting, and production starts with them."""
    given = {key: re.sub(r"\$\{[^}]*\}", "x", str(value)) for key, value in SERVICES[name]["environment"].items()}
    given |= env_file("accounts.env.example")
    assert given.keys() <= settings_written().keys()
    config = config_of(given)
    assert config.trusted_proxies == 1
    assert config.workers * config.hash_places == SERVICES[NODES[0]]["cpus"]
    assert config.unknown_settings == {}


def test_one_job_migrates_and_the_nodes_wait_for_it():
    owner = SERVICES["migrate"]["environment"]["DATABASE_URL"]
    assert SERVICES["migrate"]["command"] == ["python", "-m", "api.migrate"]
    assert "POSTGRES_PASSWORD" in owner
    for node in NODES:
        assert SERVICES[node]["environment"]["MIGRATE"] == "off"
        assert "POSTGRES_PASSWORD" not in json.dumps(SERVICES[node])
        assert {part: how["condition"] for part, how in SERVICES[node]["depends_on"].items()} == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
        assert SERVICES["nginx"]["depends_on"][node]["condition"] == "service_healthy"


def test_nginx_and_the_nodes_agree():
    """In names, in how large a body may be, and in who waits longer for whom."""
    nginx = read("deploy/nginx/nginx.conf")
    assert re.findall(r"server (\S+):5000 ", nginx) == list(NODES)
    assert int(re.search(r"client_max_body_size (\d+)k", nginx)[1]) * 1024 > MAX_RECEIPTS_BYTES
    assert re.search(r"keepalive_timeout 900ms;", nginx)
    assert all(int(SERVICES[node]["stop_grace_period"].rstrip("s")) > STOP_SECONDS for node in NODES)
    for mounted in re.findall(r"\./(deploy/[\w./]+):", read("compose.yaml")):
        assert (ROOT / mounted).exists()
