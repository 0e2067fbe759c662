"""The body of ``PATCH /v1/me``."""

from schemas.body import Body
from schemas.fields import Username


class ProfileBody(Body):
    """What a shopper may change without fresh proof."""

    username = Username()
