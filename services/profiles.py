"""The profile: what an account's owner sees of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import User
from services.phones import mask_phone

PROFILE_COLUMNS = (
    User.id,
    User.username,
    User.phone,
    User.email,
    User.verified_email_key,
    User.status,
    User.created_at,
)


@dataclass(frozen=True)
class Profile:
    """The user object of the API; ``phone`` is masked."""

    id: str
    username: str
    phone: str | None
    email: str
    email_verified: bool
    status: str
    created_at: datetime


def profile_of(row: Any) -> Profile:
    """The profile in a row that has ``PROFILE_COLUMNS``."""
    return Profile(
        id=row.id,
        username=row.username,
        phone=row.phone and mask_phone(row.phone),
        email=row.email,
        email_verified=row.verified_email_key is not None,
        status=row.status,
        created_at=row.created_at,
    )
