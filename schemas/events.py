"""The query of ``GET /v1/me/events``."""

import re

from schemas.fields import Text
from schemas.query import Query

LONGEST_PAGE = 100
DIGITS = re.compile(r"[0-9]{1,3}")
EVENT_ID = re.compile(r"[0-9a-f]{32}")


class PageLength(Text):
    """How many events at most: 1 to 100."""

    default_error_messages = {"page_length": "page_length"}

    def read(self, text: str) -> int:  # type: ignore[override]
        """The number."""
        if not DIGITS.fullmatch(text) or not 1 <= int(text) <= LONGEST_PAGE:
            raise self.make_error("page_length")
        return int(text)


class Cursor(Text):
    """Where a page begins: the event before it."""

    default_error_messages = {"cursor_invalid": "cursor_invalid"}

    def read(self, text: str) -> str:
        """The id."""
        if not EVENT_ID.fullmatch(text):
            raise self.make_error("cursor_invalid")
        return text


class EventsQuery(Query):
    """Which events."""

    cursor = Cursor(load_default=None)
    limit = PageLength(load_default=20)
