"""``/v1/me``: the caller's own account."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import availability_per_address
from api.parsing import json_first, parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.me import ProfileBody


class Me(Resource):
    """The caller's profile."""

    @login_required
    def get(self) -> Response:
        """Show it."""
        return reply(current_caller().profile)

    @availability_per_address
    @json_first
    @login_required
    def patch(self) -> Response:
        """Change the user name, where one is given."""
        body = parse_body(ProfileBody)
        caller = current_caller()
        return reply(services().accounts.rename(caller, body["username"], current_source()) if body else caller.profile)
