"""Any other gateway, or one's own: the message as signed JSON to a URL."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from requests import Response

from sms.endpoint import demand
from sms.gateway import Delivery, GatewayUnusable, Message, Outcome, Reason
from sms.http import Http, json_object

REFUSALS = {
    401: Reason.MISCONFIGURED,
    403: Reason.MISCONFIGURED,
    404: Reason.MISCONFIGURED,
    405: Reason.MISCONFIGURED,
    429: Reason.RATE,
}


@dataclass(frozen=True)
class WebhookSettings:
    """Where to post, and the secret that signs. Times are in seconds."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    connect_timeout: float = 2
    read_timeout: float = 3


class WebhookGateway:
    """Posts JSON with ``X-Timestamp`` and ``X-Signature: sha256=<hex HMAC of timestamp, ".", body>``."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        demand(WEBHOOK_URL=settings.url, WEBHOOK_SECRET=settings.secret)
        if urlsplit(settings.url).scheme not in ("http", "https") or not urlsplit(settings.url).hostname:
            raise GatewayUnusable("WEBHOOK_URL is no address; write it like https://sms.example.com/send.")
        self._settings = settings
        self._http = Http(settings.connect_timeout, settings.read_timeout)

    def send(self, message: Message) -> Delivery:
        """Hand over one message."""
        body = json.dumps(
            {
                "id": message.id,
                "to": message.to,
                "purpose": message.purpose,
                "code": message.code,
                "text": message.text,
                "language": message.language,
                "expires_in": message.expires_in,
            },
            ensure_ascii=False,
        ).encode()
        response = self._http.post(self._settings.url, data=body, headers=self._headers(body, message.request_id))
        return response if isinstance(response, Delivery) else _delivery(response)

    def _headers(self, body: bytes, request_id: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signature = hmac.new(
            self._settings.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256
        ).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": timestamp,
            "X-Signature": f"sha256={signature}",
        }
        if request_id:
            headers["X-Request-ID"] = request_id
        return headers


def _delivery(response: Response) -> Delivery:
    status, word = response.status_code, f"http_{response.status_code}"
    if 200 <= status < 300:
        return Delivery(Outcome.SENT, vendor_code=word)
    if status < 500:  # a redirect is refused too: following it would post again
        return Delivery(Outcome.NOT_SENT, REFUSALS.get(status, Reason.REFUSED), vendor_code=word)
    if (json_object(response) or {}).get("outcome") == Outcome.NOT_SENT.value:
        return Delivery(Outcome.NOT_SENT, Reason.REFUSED, vendor_code=word)
    return Delivery(Outcome.UNKNOWN, vendor_code=word)
