"""``/v1/sessions``."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.parsing import parse_query
from api.replies import no_content, reply
from api.sources import current_source
from api.wiring import services
from schemas.sessions import EndSessionsQuery


class SessionList(Resource):
    """Where the caller is logged in."""

    @login_required
    def get(self) -> Response:
        """The living sessions, the newest first."""
        return reply({"sessions": services().sessions.list(current_caller())})

    @login_required
    def delete(self) -> Response:
        """End them all; ``keep_current=true`` spares the one that asks."""
        query = parse_query(EndSessionsQuery)
        services().sessions.end_all(current_caller(), current_source(), query["keep_current"])
        return no_content()


class SessionItem(Resource):
    """One session of the caller."""

    @login_required
    def delete(self, session_id: str) -> Response:
        """End it."""
        services().sessions.end(current_caller(), session_id, current_source())
        return no_content()
