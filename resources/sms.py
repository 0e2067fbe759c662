"""``/v1/sms``: codes, sent, sent again and verified."""

from flask import Response
from flask_restful import Resource

from api.auth import current_caller
from api.errors import language
from api.limits import (
    sms_per_account,
    sms_per_address,
    sms_per_phone,
    verify_per_address,
    work_for_resend,
    work_for_sms,
)
from api.parsing import parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.sms import SmsBody, VerifyBody, needs_token


class Sms(Resource):
    """A code for a phone."""

    decorators = [sms_per_address, sms_per_phone, sms_per_account, work_for_sms]

    def post(self) -> Response:
        """Send a code; the answer is the same whether or not the phone has an account."""
        body = parse_body(SmsBody)
        if not needs_token(body):
            return reply(services().challenges.send(body["phone"], body["purpose"], language()), 202)
        user_id = current_caller().profile.id
        phone: str = body.get("phone") or services().accounts.phone_of(user_id)
        return reply(services().challenges.send(phone, body["purpose"], language(), subject=user_id), 202)


class SmsResend(Resource):
    """The same code once more."""

    decorators = [sms_per_address, work_for_resend]

    def post(self, sms_id: str) -> Response:
        """Send it again; attempts and expiry go on."""
        return reply(services().challenges.resend(sms_id, language()), 202)


class SmsVerify(Resource):
    """A code becomes a ticket."""

    decorators = [verify_per_address]

    def post(self, sms_id: str) -> Response:
        """Use the code up for a ticket."""
        body = parse_body(VerifyBody)
        return reply(services().verification.verify(sms_id, body["code"], current_source()))
