"""What follows from an e-mail address: how it is shown to others than its owner."""

HIDDEN = "****"
LONGEST_DOMAIN = 100


def mask_email(address: str) -> str:
    """``zhang.san@example.com`` as ``z****@example.com``; of a very long domain, its end."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{domain[-LONGEST_DOMAIN:]}"
