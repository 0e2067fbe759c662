"""``/v1/me/phone``, and the links of the messages about a phone."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller, login_required
from api.limits import login_per_address, proof_per_account, verify_per_address
from api.parsing import parse_body
from api.proofs import proof_in
from api.replies import no_content, reply
from api.sources import current_source
from api.wiring import services
from schemas.link import LinkBody
from schemas.phone import PhoneBody

proof_of_phone = proof_per_account(PhoneBody)


class MyPhone(Resource):
    """The caller's phone."""

    decorators = [login_per_address, proof_of_phone]

    @login_required
    def put(self) -> Response:
        """Take another one, with fresh proof of the old side and a code of the new."""
        body = parse_body(PhoneBody)
        profile = services().new_phones.change(
            current_caller(), proof_in(body, "old_"), body["sms_id"], body["code"], current_source()
        )
        proof_of_phone.clear()
        return reply(profile)


class PhoneUndo(Resource):
    """A change of phone, taken back by its old number."""

    decorators = [verify_per_address]

    def post(self) -> Response:
        """Put the old phone back, and end every session."""
        services().phone_changes.undo(parse_body(LinkBody)["token"], current_source())
        return no_content()


class PhoneKeep(Resource):
    """A phone that stays with its account, although somebody else may have the number."""

    decorators = [verify_per_address]

    def post(self) -> Response:
        """Keep it."""
        services().phone_claims.keep(parse_body(LinkBody)["token"], current_source())
        return no_content()
