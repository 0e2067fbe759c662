"""Every call of the interface, with a body that it takes."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from tests.shopper import PASSWORD
from tests.tokens import AS_SERVICE

UNKNOWN_SMS_ID = "A" * 22 + "0" * 16
_numbers = itertools.count()


@dataclass(frozen=True)
class Call:
    """A route and, where it reads one, a body that passes its schema; ``TICKET`` and ``NEW`` stand for what is made anew."""

    method: str
    rule: str
    body: dict[str, Any] = field(default_factory=dict)
    needs_token: bool = False
    as_service: bool = False

    @property
    def path(self) -> str:
        known = {"sms_id": UNKNOWN_SMS_ID, "session_id": "0" * 32, "secret": "no-secret", "vendor": "tencent"}
        return re.sub("<([a-z_]+)>", lambda name: known[name[1]], self.rule)

    @property
    def headers(self) -> dict[str, str]:
        """Who asks, where that is a service."""
        return AS_SERVICE if self.as_service else {}

    def fields(self, ticket: str = "") -> dict[str, Any]:
        """The body; every time with names that nobody has."""
        made = {"TICKET": ticket, "NEW": f"hostile-{next(_numbers)}"}
        return {name: made.get(value, value) for name, value in self.body.items()}

    def __str__(self) -> str:
        return f"{self.method} {self.rule} {'+'.join(self.body)}"


WITH_BODY = (
    Call("POST", "/v1/sms", {"phone": "+8613700000000", "purpose": "register"}),
    Call("POST", "/v1/sms", {"purpose": "confirm"}, needs_token=True),
    Call("POST", "/v1/sms/<sms_id>/verify", {"code": "123456"}),
    Call(
        "POST",
        "/v1/register",
        {
            "ticket": "TICKET",
            "username": "NEW",
            "email": "hostile@example.com",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        },
    ),
    Call("POST", "/v1/login", {"account": "NEW", "password": PASSWORD}),
    Call("POST", "/v1/login", {"sms_id": UNKNOWN_SMS_ID, "code": "123456"}),
    Call("POST", "/v1/token/refresh", {"refresh_token": "no-token"}),
    Call("POST", "/v1/token/introspect", {"token": "no-token"}, as_service=True),
    Call("POST", "/v1/email/verify", {"token": "no-token"}),
    Call("PUT", "/v1/me/email", {"email": "hostile@example.com", "current_password": PASSWORD}, needs_token=True),
    Call("PATCH", "/v1/me", {"username": "NEW"}, needs_token=True),
    Call(
        "PUT",
        "/v1/me/password",
        {"current_password": "WRONG", "password": PASSWORD, "password_confirm": PASSWORD},
        needs_token=True,
    ),
    Call(
        "PUT",
        "/v1/me/password",
        {"sms_id": UNKNOWN_SMS_ID, "code": "123456", "password": PASSWORD, "password_confirm": PASSWORD},
        needs_token=True,
    ),
    Call(
        "PUT",
        "/v1/me/phone",
        {"current_password": PASSWORD, "sms_id": UNKNOWN_SMS_ID, "code": "123456"},
        needs_token=True,
    ),
    Call(
        "PUT",
        "/v1/me/phone",
        {"old_sms_id": UNKNOWN_SMS_ID, "old_code": "123456", "sms_id": UNKNOWN_SMS_ID, "code": "123456"},
        needs_token=True,
    ),
    Call("POST", "/v1/password/reset", {"ticket": "TICKET", "password": PASSWORD, "password_confirm": PASSWORD}),
    Call("POST", "/v1/phone/undo", {"token": "no-token"}),
    Call("POST", "/v1/phone/keep", {"token": "no-token"}),
    Call("DELETE", "/v1/me", {"current_password": "no-password"}, needs_token=True),
    Call("DELETE", "/v1/me", {"sms_id": UNKNOWN_SMS_ID, "code": "123456"}, needs_token=True),
)
WITHOUT_BODY = (
    Call("POST", "/v1/sms/<sms_id>/resend"),
    Call("POST", "/v1/sms/receipts/<secret>/<vendor>"),
    Call("GET", "/v1/challenge"),
    Call("GET", "/v1/register/availability"),
    Call("POST", "/v1/logout", needs_token=True),
    Call("GET", "/v1/sessions", needs_token=True),
    Call("DELETE", "/v1/sessions", needs_token=True),
    Call("DELETE", "/v1/sessions/<session_id>", needs_token=True),
    Call("GET", "/v1/me", needs_token=True),
    Call("GET", "/v1/me/events", needs_token=True),
    Call("GET", "/v1/me/export", needs_token=True),
)
