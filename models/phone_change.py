"""The table of changes of phone, each of which can be undone for some days."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class PhoneChange(Model):
    """One change. ``undo_check`` is a keyed digest of the token in the message to the old number.

    Numbers are E.164. A row is deleted once it can't be undone any more.
    """

    __tablename__ = "phone_changes"

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(key_text(32), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_phone: Mapped[str] = mapped_column(key_text(20))
    new_phone: Mapped[str] = mapped_column(key_text(20))
    undo_check: Mapped[str] = mapped_column(key_text(64), unique=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undo_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
