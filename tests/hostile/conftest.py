"""Clients that look at every reply twice, and a server that must not break."""

import pytest

from tests.clients import LiveClient
from tests.hostile.soundness import SoundClient


@pytest.fixture(autouse=True)
def nothing_broke(request):
    """Whatever was sent, the server's log tells of no defect."""
    if "live" not in request.fixturenames:
        yield
        return
    live = request.getfixturevalue("live")
    before = len(live.log)
    yield
    said = live.log[before:]
    assert "internal_error" not in said, said[-3000:]
    assert "Traceback" not in said, said[-3000:]


@pytest.fixture
def live_client(live):
    return SoundClient(LiveClient(live.url))
