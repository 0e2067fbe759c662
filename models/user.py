"""The table of accounts."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class User(Model):
    """A shopper's account.

    The columns that end in ``_key`` hold the folded form that our code fills; uniqueness stands on them and on ``phone``.
    ``verified_email_key`` is empty until the address is verified, so only verified addresses are unique.
    ``credential_version`` grows with every change of a credential; tokens and reset tickets carry it. ``email_version``
    grows with every change of the address; mailed links carry it. ``status`` is active, closing (until ``erase_after``),
    disabled or erased. ``seen_at`` is when the holder last gave a second proof beside the phone.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    phone: Mapped[str | None] = mapped_column(key_text(20), unique=True)
    username: Mapped[str] = mapped_column(String(60))
    username_key: Mapped[str] = mapped_column(key_text(180), unique=True)
    email: Mapped[str] = mapped_column(String(320))
    verified_email_key: Mapped[str | None] = mapped_column(key_text(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16), default="active")
    credential_version: Mapped[int] = mapped_column(default=1)
    email_version: Mapped[int] = mapped_column(default=1, server_default="1")
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erase_after: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
