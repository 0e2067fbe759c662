"""The table of notices: what has to be told to shoppers, by mail or SMS, until it is told."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class Notice(Model):
    """One message, written in the transaction of the act that it tells of, and sent after the commit.

    ``sealed`` is recipient and contents, encrypted; it is emptied once that is sent. ``due_at`` is when to
    try next, empty once sent or given up.
    """

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(key_text(32), index=True)
    channel: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(32))
    recipient_masked: Mapped[str] = mapped_column(String(120))
    sealed: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(120))
