"""What all bodies have in common."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, validates_schema


class Body(Schema):
    """A body is an object, and unknown fields are refused."""

    error_messages = {"unknown": "unknown", "type": "not_object"}

    class Meta:
        unknown = RAISE


class WithPasswordConfirm(Body):
    """A body that sets a password, typed twice."""

    @validates_schema
    def same_twice(self, data: dict[str, Any], **_: Any) -> None:
        """Both fields are the same."""
        if data["password"] != data["password_confirm"]:
            raise ValidationError("password_differs", "password_confirm")
