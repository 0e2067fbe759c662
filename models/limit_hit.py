"""The table of what the limits count while their storage is away."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class LimitHit(Model):
    """One window of one limit and of whom it counts: it begins with its first hit and is over at ``ends_at``.

    ``name`` is the limit, its number, its length in seconds, and the pseudonym of an address, a phone or an account.
    """

    __tablename__ = "limit_hits"

    name: Mapped[str] = mapped_column(key_text(100), primary_key=True)
    hits: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
