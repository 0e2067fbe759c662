"""One stack for all tests of this folder."""

import pytest

from tests.deploy.stack import Stack


@pytest.fixture(scope="package")
def stack(database_url):
    stack = Stack(database_url, CHALLENGE="adaptive", SMS_COOLDOWN_SECONDS=0)
    yield stack
    stack.remove()
