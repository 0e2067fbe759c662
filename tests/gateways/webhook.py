"""Stands in for a gateway of one's own that takes signed JSON."""

import hashlib
import hmac
import json

from tests.gateways.standin import Reply, Request, StandIn

SECRET = "webhook-secret-of-the-tests"
SKEW_SECONDS = 300
FIELDS = {
    "id": str,
    "to": str,
    "purpose": str,
    "code": str,
    "text": str,
    "language": str,
    "expires_in": int,
}


class WebhookStandIn(StandIn):
    """Judges a request as docs/sms.md tells its authors to."""

    def answer(self, request: Request) -> Reply:
        status = self._fault_of(request)
        if status:
            return Reply(b"", status)
        wanted = json.loads(request.body)
        self.messages.append({**wanted, "phone": wanted["to"], "serial": None, "params": [wanted["code"]]})
        return Reply(b"", 204)

    def _fault_of(self, request: Request) -> int:
        timestamp = request.headers.get("x-timestamp", "")
        if not timestamp.isdigit() or abs(self.clock() - int(timestamp)) > SKEW_SECONDS:
            return 401
        computed = hmac.new(SECRET.encode(), timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        if request.headers.get("x-signature") != f"sha256={computed}":
            return 401
        if request.headers.get("content-type") != "application/json" or request.path != "/send":
            return 404
        wanted = json.loads(request.body)
        return 0 if {name: type(value) for name, value in wanted.items()} == FIELDS else 400
