"""Fresh proof in a body: the current password, or a code that went to the account's own phone."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.body import Body
from schemas.fields import Code, Password, Text

CODE_PAIR = {"sms_id", "code"}


class WithProof(Body):
    """A body that carries fresh proof, one kind and not both; without any the call is refused with 403, not here."""

    current_password = Password()
    sms_id = Text()
    code = Code()

    @validates_schema(skip_on_field_errors=True)
    def one_proof(self, data: dict[str, Any], **_: Any) -> None:
        """A password, or both halves of a code, or nothing."""
        refuse_two_proofs(data, CODE_PAIR)


def refuse_two_proofs(data: dict[str, Any], pair: set[str]) -> None:
    """Raise ``ValidationError`` for a password beside a code, or half of the ``pair`` of fields that make a code."""
    given = pair & data.keys()
    if "current_password" in data and given:
        raise ValidationError("proof_twice", "current_password")
    if given and given != pair:
        raise ValidationError("required", (pair - given).pop())
