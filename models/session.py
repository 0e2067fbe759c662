"""The table of sessions: one row from a login to its end."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class Session(Model):
    """One login. ``counter`` is the generation of the refresh token that is good now; no token is kept.

    ``expires_at`` moves with each refresh and never passes ``ends_at``; ``ended_at`` is set by logout, reuse or revocation.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id", "ended_at"),)

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(key_text(32), ForeignKey("users.id", ondelete="CASCADE"))
    counter: Mapped[int] = mapped_column(default=1)
    device: Mapped[str] = mapped_column(String(200))
    ip: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refreshed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
