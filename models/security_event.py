"""The table of security events: what happened to accounts. Rows are added, and never changed but to take the person out."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class SecurityEvent(Model):
    """One event. ``detail`` is a word or a masked fact. There is no foreign key: an event outlives what it tells of."""

    __tablename__ = "security_events"
    __table_args__ = (Index(None, "user_id", "id"),)

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(key_text(32))
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    session_id: Mapped[str | None] = mapped_column(key_text(32))
    ip: Mapped[str | None] = mapped_column(String(45))
    device: Mapped[str | None] = mapped_column(String(200))
    request_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(String(120))
