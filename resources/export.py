"""``/v1/me/export``."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import export_per_account
from api.replies import reply
from api.sources import current_source
from api.wiring import services


class DataExport(Resource):
    """All that is held about the caller."""

    decorators = [export_per_account]

    @login_required
    def get(self) -> Response:
        """Show it; the phone is in full here, and nowhere else."""
        return reply(services().exports.of(current_caller(), current_source()))
