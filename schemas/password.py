"""Bodies that set a password."""

from schemas.body import WithPasswordConfirm
from schemas.fields import NewPassword, Text, Token
from schemas.proof import WithProof


class PasswordBody(WithProof, WithPasswordConfirm):
    """The body of ``PUT /v1/me/password``: fresh proof, and the new password."""

    password = NewPassword(required=True)
    password_confirm = Text(required=True)


class PasswordResetBody(WithPasswordConfirm):
    """The body of ``/v1/password/reset``."""

    ticket = Token(required=True)
    password = NewPassword(required=True)
    password_confirm = Text(required=True)
