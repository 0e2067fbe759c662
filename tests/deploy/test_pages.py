"""The pages of docs/operations on deployment name settings and services that there are."""

import re

import pytest

from tests.deploy.test_compose import INTERPOLATED, SERVICES
from tests.docs.markdown import read
from tests.docs.test_configuration import settings_written

PAGES = ("backup", "compose", "keys", "kubernetes", "proxy", "sizing", "updates")
SETTING = re.compile(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`")
SERVICE = re.compile(r"docker compose (?:exec|run|restart|logs)(?: -[\w-]+)* ((?:[a-z]+(?:-[ab])?\b)+)")


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_and_service_is_real(page):
    text = read(f"docs/operations/{page}.md")
    of_compose = {name for name, _ in INTERPOLATED.findall(read("compose.yaml"))}
    assert set(SETTING.findall(text)) <= settings_written().keys() | of_compose
    assert set(SERVICE.findall(text)) <= SERVICES.keys()
