"""Ids: opaque to clients, and in the order of time so that indexes grow at their end."""

from uuid_utils import uuid7


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) as 32 hex digits."""
    return uuid7().hex
