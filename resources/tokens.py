"""``/v1/token``."""

from flask import Response
from flask_restful import Resource

from api.limits import refresh_per_address
from api.parsing import parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.tokens import RefreshBody


class TokenRefresh(Resource):
    """The next generation of a session's tokens."""

    decorators = [refresh_per_address]

    def post(self) -> Response:
        """Rotate."""
        body = parse_body(RefreshBody)
        return reply(services().sessions.refresh(body["refresh_token"], current_source()))
