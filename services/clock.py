"""What time it is: handed in, so that a test can turn the hands."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The server's time, aware, in UTC."""
    return datetime.now(UTC)
