"""``/v1/register``: step 2 of the wizard."""

from flask import Response, request
from flask_restful import Resource
from marshmallow import ValidationError

from api.limits import availability_per_address, register_per_address, work_for_register
from api.parsing import parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.register import RegisterBody, UsernameBody


class Register(Resource):
    """A new account."""

    decorators = [register_per_address, work_for_register]

    def post(self) -> Response:
        """Make the account of the ticket's phone, and log it in."""
        body = parse_body(RegisterBody)
        signed_in = services().accounts.register(
            body["ticket"], body["username"], body["email"], body["password"], current_source()
        )
        return reply(signed_in, 201)


class Availability(Resource):
    """Whether a user name can be had."""

    decorators = [availability_per_address]

    def get(self) -> Response:
        """Free, taken or invalid."""
        typed = request.args.get("username", "")
        try:
            username = UsernameBody().load({"username": typed})["username"]
        except ValidationError:
            return reply({"username": typed, "available": False, "reason": "invalid"})
        if services().accounts.is_username_free(username):
            return reply({"username": username, "available": True})
        return reply({"username": username, "available": False, "reason": "taken"})
