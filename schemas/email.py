"""Bodies of the calls about e-mail addresses."""

from schemas.body import Body
from schemas.fields import Email, Token
from schemas.proof import WithProof


class EmailBody(WithProof):
    """A new address, or the same for a fresh link."""

    email = Email(required=True)


class EmailTokenBody(Body):
    """What a mailed link carries."""

    token = Token(required=True)
