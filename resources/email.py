"""``/v1/me/email`` and ``/v1/email/verify``: the address of an account, and the link that verifies it."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import email_per_account, login_per_address, proof_per_account, verify_per_address
from api.parsing import parse_body
from api.proofs import proof_in
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.email import EmailBody
from schemas.link import LinkBody

proof_of_email = proof_per_account(EmailBody)


class MyEmail(Resource):
    """The caller's address."""

    decorators = [login_per_address, proof_of_email, email_per_account]

    @login_required
    def put(self) -> Response:
        """Mail a link to it."""
        body, caller, source = parse_body(EmailBody), current_caller(), current_source()
        with services().proofs.proven(caller, proof_in(body), source) as proven:
            asked = services().email_addresses.change(caller.profile.id, proven, body["email"], source)
        proof_of_email.clear()
        return reply(asked, 202)


class EmailVerify(Resource):
    """A mailed link, used."""

    decorators = [verify_per_address]

    def post(self) -> Response:
        """The address is the account's from now on."""
        body = parse_body(LinkBody)
        return reply(services().email_addresses.verify(body["token"], current_source()))
