"""Children of the process that runs the tests."""

import os
import traceback
from collections.abc import Callable


def fork(act: Callable[[], object]) -> int:
    """The pid of a child that does ``act`` and ends with what it returns, as a number; with 1 where it raises.

    Whatever happens it ends there, and does not go on as a second run of the tests.
    """
    if child := os.fork():
        return child
    code = 1
    try:
        code = int(act() or 0)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)
