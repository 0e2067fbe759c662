"""What follows from an e-mail address: whether notices go there, and how it is shown to others than its owner."""

from typing import Any

HIDDEN = "****"
LONGEST_DOMAIN = 100


def verified_email(account: Any) -> str | None:
    """The address of a row that has ``email`` and ``verified_email_key``; None while it is not verified."""
    return account.email if account.verified_email_key else None


def mask_email(address: str) -> str:
    """``zhang.san@example.com`` as ``z****@example.com``; of a very long domain, its end."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{domain[-LONGEST_DOMAIN:]}"
