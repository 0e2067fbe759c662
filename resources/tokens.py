"""``/v1/token``."""

from flask import Response
from flask_restful import Resource

from api.clients import client_required
from api.limits import refresh_per_address
from api.parsing import form_allowed, parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.tokens import IntrospectionBody, RefreshBody


class TokenRefresh(Resource):
    """The next generation of a session's tokens."""

    decorators = [refresh_per_address]

    def post(self) -> Response:
        """Rotate."""
        body = parse_body(RefreshBody)
        return reply(services().sessions.refresh(body["refresh_token"], current_source()))


class TokenIntrospect(Resource):
    """What a token is worth, for other services (RFC 7662)."""

    @form_allowed(IntrospectionBody)
    @client_required
    def post(self) -> Response:
        """Say whether it would be let in, and whose it is; of any other text that it is not active, and nothing more."""
        return reply(services().introspection.look(parse_body(IntrospectionBody)["token"]))
