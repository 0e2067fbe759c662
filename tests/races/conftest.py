"""What holds in every race."""

import pytest

UNLUCKY = 3


@pytest.fixture(autouse=True)
def nothing_broke(live):
    """No race is won by a defect of ours or by a lock of the database."""
    before = len(live.log)
    yield
    said = live.log[before:]
    assert "internal_error" not in said, said[-3000:]
    # Who waits for SQLite's lock looks now and then whether it is free, and may be unlucky each time.
    assert said.count("database is locked") <= UNLUCKY, said[-3000:]
    assert "deadlock" not in said.lower(), said[-3000:]
