"""The body of ``PUT /v1/me/phone``."""

from typing import Any

from marshmallow import validates_schema

from schemas.body import Body
from schemas.fields import Code, Password, Text
from schemas.proof import refuse_two_proofs

OLD_PAIR = {"old_sms_id", "old_code"}


class PhoneBody(Body):
    """Fresh proof of the old side, and the code that the new number got."""

    current_password = Password()
    old_sms_id = Text()
    old_code = Code()
    sms_id = Text(required=True)
    code = Code(required=True)

    @validates_schema(skip_on_field_errors=True)
    def one_proof(self, data: dict[str, Any], **_: Any) -> None:
        """A password, or both halves of a code, or nothing."""
        refuse_two_proofs(data, OLD_PAIR)
