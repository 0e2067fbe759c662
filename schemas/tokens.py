"""The bodies of ``/v1/token``."""

from schemas.body import Body
from schemas.fields import Text, Token


class RefreshBody(Body):
    """A refresh token."""

    refresh_token = Token(required=True)


class AnyText(Text):
    """Whatever a body has room for."""

    longest = 16 * 1024


class IntrospectionBody(Body):
    """A text that may be a token. The hint is read and not needed: a token says itself of which kind it is."""

    token = AnyText(required=True)
    token_type_hint = Text()
