"""``/v1/me``: the caller's own account."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import availability_per_address, login_per_address, proof_per_account, rename_per_account
from api.parsing import body_optional, parse_body
from api.proofs import proof_in
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.close import CloseBody
from schemas.me import ProfileBody

proof_of_closing = proof_per_account(CloseBody)


class Me(Resource):
    """The caller's profile."""

    @login_required
    def get(self) -> Response:
        """Show it."""
        return reply(current_caller().profile)

    @rename_per_account
    @availability_per_address
    @login_required
    def patch(self) -> Response:
        """Change the user name, where one is given."""
        body = parse_body(ProfileBody)
        caller = current_caller()
        return reply(services().accounts.rename(caller, body["username"], current_source()) if body else caller.profile)

    @body_optional
    @proof_of_closing
    @login_per_address
    @login_required
    def delete(self) -> Response:
        """Begin to close the account; logging in takes it back for some days."""
        proof = proof_in(parse_body(CloseBody))
        closing = services().closings.close(current_caller(), proof, current_source())
        proof_of_closing.clear()
        return reply(closing, 202)
