"""``/v1/me/password`` and ``/v1/password/reset``."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import login_per_address, proof_per_account, verify_per_address
from api.parsing import parse_body
from api.proofs import proof_in
from api.replies import no_content, reply
from api.sources import current_source
from api.wiring import services
from schemas.password import PasswordBody, PasswordResetBody

proof_of_password = proof_per_account(PasswordBody)


class MyPassword(Resource):
    """The caller's password."""

    decorators = [login_per_address, proof_of_password]

    @login_required
    def put(self) -> Response:
        """Set it with fresh proof; this session goes on with new tokens, every other one ends."""
        body = parse_body(PasswordBody)
        signed_in = services().password_changes.change(
            current_caller(), proof_in(body), body["password"], current_source()
        )
        proof_of_password.clear()
        return reply(signed_in)


class PasswordReset(Resource):
    """A forgotten password."""

    decorators = [verify_per_address]

    def post(self) -> Response:
        """Set a new one by a ticket."""
        body = parse_body(PasswordResetBody)
        services().password_changes.reset(body["ticket"], body["password"], current_source())
        return no_content()
