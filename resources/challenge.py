"""``/v1/challenge``: proof of work, before somebody is asked for it."""

from flask import Response
from flask_restful import Resource

from api.limits import challenge_per_address, work_for_register
from api.replies import reply
from api.whom import network
from api.wiring import services
from services.proof_of_work import EASIEST


class Challenge(Resource):
    """A challenge for the caller's network."""

    decorators = [challenge_per_address]

    def get(self) -> Response:
        """As hard as what the caller's address owes asks for."""
        return reply(services().work.issue(network(), max(EASIEST, work_for_register.level())))
