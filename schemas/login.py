"""The body of ``/v1/login``."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.body import Body
from schemas.fields import AccountName, Code, Password, Text

PAIRS = ({"account", "password"}, {"sms_id", "code"})


class LoginBody(Body):
    """An account and its password, or an SMS challenge and its code: one pair, not both."""

    account = AccountName()
    password = Password()
    sms_id = Text()
    code = Code()

    @validates_schema(skip_on_field_errors=True)
    def one_pair(self, data: dict[str, Any], **_: Any) -> None:
        """One pair and nothing of the other."""
        if data.keys() not in PAIRS:
            missing = {"password"} if "account" in data else {"code"} if "sms_id" in data else {"account"}
            raise ValidationError("login_pair", (missing - data.keys() or {"account"}).pop())
