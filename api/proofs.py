"""Fresh proof as a checked body carries it."""

from typing import Any

from services.proofs import FreshProof


def proof_in(body: dict[str, Any], prefix: str = "") -> FreshProof:
    """The proof in ``body``; the fields of a code may have a prefix."""
    return FreshProof(body.get("current_password"), body.get(f"{prefix}sms_id"), body.get(f"{prefix}code"))
