"""Bodies of ``/v1/register``."""

from schemas.body import Body, WithPasswordConfirm
from schemas.fields import Email, NewPassword, Text, Token, Username


class RegisterBody(WithPasswordConfirm):
    """The ticket of step 1, and the facts of step 2."""

    ticket = Token(required=True)
    username = Username(required=True)
    email = Email(required=True)
    password = NewPassword(required=True)
    password_confirm = Text(required=True)


class UsernameBody(Body):
    """A user name alone."""

    username = Username(required=True)
