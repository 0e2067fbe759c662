"""``/v1/me/events``."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.parsing import parse_query
from api.replies import reply
from api.wiring import services
from schemas.events import EventsQuery


class EventList(Resource):
    """What happened to the caller's account."""

    @login_required
    def get(self) -> Response:
        """A page of it, the newest first."""
        query = parse_query(EventsQuery)
        return reply(services().events.page(current_caller().profile.id, query["cursor"], query["limit"]))
