"""What all queries have in common."""

from typing import Any

from marshmallow import EXCLUDE, Schema, pre_load


class Query(Schema):
    """The parameters behind the ``?``: unknown ones are ignored, and an empty one is as if it were not there."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def leave_out_empty(self, data: dict[str, str], **_: Any) -> dict[str, str]:
        """Only what says something."""
        return {name: value for name, value in data.items() if value}
