"""What follows from an e-mail address: how it is shown to others than its owner."""

HIDDEN = "****"


def mask_email(address: str) -> str:
    """``zhang.san@example.com`` as ``z****@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{domain}"
