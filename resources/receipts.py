"""``/v1/sms/receipts``: what vendors report of messages."""

import hmac

from flask import Response
from flask_restful import Resource

from api.parsing import read_array
from api.replies import reply
from api.wiring import services
from services.errors import NotFound
from sms.pushed_receipts import read_receipts

ANSWERS = {"tencent": {"result": 0, "errmsg": "OK"}, "aliyun": {"code": 0, "msg": "OK"}}


class SmsReceipts(Resource):
    """Receipts by callback; whoever knows the secret part of the address may bring them."""

    def post(self, secret: str, vendor: str) -> Response:
        """Keep them; the same again, or in another order, changes nothing."""
        expected = services().config.sms.callback_secret
        if vendor not in ANSWERS or not expected or not hmac.compare_digest(secret.encode(), expected.encode()):
            raise NotFound
        services().messages.receive(vendor, read_receipts(vendor, read_array()))
        return reply(ANSWERS[vendor])
