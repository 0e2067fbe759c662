"""The query of ``DELETE /v1/sessions``."""

from schemas.fields import Text
from schemas.query import Query

WORDS = {"true": True, "1": True, "false": False, "0": False}


class Switch(Text):
    """Yes or no, and nothing that may have meant the other."""

    default_error_messages = {"not_boolean": "not_boolean"}

    def read(self, text: str) -> bool:  # type: ignore[override]
        """Which."""
        if text.lower() not in WORDS:
            raise self.make_error("not_boolean")
        return WORDS[text.lower()]


class EndSessionsQuery(Query):
    """Which sessions."""

    keep_current = Switch(load_default=False)
