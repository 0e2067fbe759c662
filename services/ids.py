"""Ids: opaque to clients, and in the order of time so that indexes grow at their end."""

import re
from datetime import datetime

from uuid_utils import uuid7

ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) as 32 hex digits."""
    return uuid7().hex


def first_id(at: datetime) -> str:
    """What is not above the ids made since ``at`` and above all others: ids begin with the milliseconds of their making."""
    return f"{int(at.timestamp() * 1000):012x}"


def is_id(text: str) -> bool:
    """Whether a text has the form of an id; PostgreSQL fails on texts with a NUL."""
    return ID.fullmatch(text) is not None
