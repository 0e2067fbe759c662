"""The body of the calls that the links in messages lead to."""

from schemas.body import Body
from schemas.fields import Token


class LinkBody(Body):
    """What follows ``#token=`` in the link of a message."""

    token = Token(required=True)
