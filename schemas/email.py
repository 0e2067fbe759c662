"""The body of ``PUT /v1/me/email``."""

from schemas.fields import Email
from schemas.proof import WithProof


class EmailBody(WithProof):
    """A new address, or the same for a fresh link."""

    email = Email(required=True)
