"""Bodies of ``/v1/sms``."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.body import Body
from schemas.fields import Code, PhoneNumber, Text

OPEN_PURPOSES = ("register", "login", "reset_password")
TOKEN_PURPOSES = ("change_phone", "confirm")


class Purpose(Text):
    """What a code is for."""

    default_error_messages = {"purpose_unknown": "purpose_unknown"}

    def read(self, text: str) -> str:
        """One of the five purposes."""
        if text not in OPEN_PURPOSES + TOKEN_PURPOSES:
            raise self.make_error("purpose_unknown")
        return text


class SmsBody(Body):
    """A phone and a purpose; ``confirm`` goes to the account's own phone and takes none."""

    phone = PhoneNumber()
    purpose = Purpose(required=True)

    @validates_schema(skip_on_field_errors=True)
    def phone_where_needed(self, data: dict[str, Any], **_: Any) -> None:
        """A phone for every purpose but ``confirm``."""
        if data["purpose"] == "confirm" and "phone" in data:
            raise ValidationError("phone_not_taken", "phone")
        if data["purpose"] != "confirm" and "phone" not in data:
            raise ValidationError("required", "phone")


class VerifyBody(Body):
    """The digits of the message."""

    code = Code(required=True)


def needs_token(body: Mapping[str, Any]) -> bool:
    """Whether the purpose in an unchecked body is one that only a logged-in shopper has."""
    return body.get("purpose") in TOKEN_PURPOSES
