"""``/v1/logout``."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.replies import no_content
from api.sources import current_source
from api.wiring import services


class Logout(Resource):
    """The end of the session that asks."""

    @login_required
    def post(self) -> Response:
        """End it."""
        caller = current_caller()
        services().sessions.end(caller, caller.session_id, current_source())
        return no_content()
