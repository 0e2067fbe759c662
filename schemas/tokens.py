"""The body of ``/v1/token/refresh``."""

from schemas.body import Body
from schemas.fields import Token


class RefreshBody(Body):
    """A refresh token."""

    refresh_token = Token(required=True)
