"""What the tests of this folder read out of deploy/, compose.yaml and the examples of settings."""

import re
from pathlib import Path
from typing import Any

import yaml

from api.config import ROOT, Config, read_config
from tests.settings import environment_of

PINNED = re.compile(r"[a-z.-]+:\d+\.\d+\.?\d*(-[a-z]+)*")
# What an operator fills in; a vendor's SDK has no part in reading settings.
FILLED_IN = {
    "SECRET_KEYS": "k" * 32,
    "SMS_GATEWAYS": "webhook",
    "WEBHOOK_URL": "https://sms.example",
    "WEBHOOK_SECRET": "w" * 32,
    "DATABASE_URL": "postgresql+psycopg://accounts:d@postgres/accounts",
    "REDIS_URL": "redis://accounts:r@redis:6379/0",
}


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def env_file(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def config_of(env: dict[str, str]) -> Config:
    """The settings as a node reads them in production; what is left empty in an example is filled in."""
    filled = {name: env.get(name) or value for name, value in FILLED_IN.items()}
    with environment_of({"APP_ENV": "production"} | env | filled | {"SMS_GATEWAYS": "webhook"}):
        return read_config()
