"""The table of devices: what an account has logged in from."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class Device(Model):
    """A device of an account, by the name that its user agent gives; so the owner is told of one never seen before."""

    __tablename__ = "devices"

    user_id: Mapped[str] = mapped_column(key_text(32), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(key_text(100), primary_key=True)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
