"""Ids: opaque to clients, and in the order of time so that indexes grow at their end."""

import re

from uuid_utils import uuid7

ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) as 32 hex digits."""
    return uuid7().hex


def is_id(text: str) -> bool:
    """Whether a text has the form of an id; PostgreSQL fails on texts with a NUL."""
    return ID.fullmatch(text) is not None
