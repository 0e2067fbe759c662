"""How Redis says that it can't now, in all its ways, and what is a wrong question."""

import pytest
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError

from api.redis_client import is_unable

SCRIPT = "Error running script (call to f_a8e0): @user_script:1: @user_script: 1: -"


@pytest.mark.parametrize(
    ("error", "unable"),
    [
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'.", status_code="OOM"), True),
        (ResponseError(f"{SCRIPT}OOM command not allowed when used memory > 'maxmemory'.", status_code="ERR"), True),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots, but"), True),
        (ResponseError(f"{SCRIPT}MISCONF Redis is configured to save RDB snapshots", status_code="ERR"), True),
        (ReadOnlyError("You can't write against a read only replica.", status_code="READONLY"), True),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), True),
        (ResponseError("BUSY Redis is busy running a script."), True),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), False),
        (ResponseError("unknown command 'OOM ', with args beginning with:", status_code="ERR"), False),
        (NoScriptError("No matching script.", status_code="NOSCRIPT"), False),
    ],
)
def test_a_state_is_told_from_a_defect(error, unable):
    """Redis 7, and before it, when scripts hid it in their own error."""
    assert is_unable(error) is unable
