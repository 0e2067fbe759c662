"""The body of ``DELETE /v1/me``."""

from schemas.proof import WithProof


class CloseBody(WithProof):
    """Fresh proof, and nothing else."""
