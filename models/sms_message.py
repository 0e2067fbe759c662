"""The table of messages: what became of each try to send one."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, UtcDateTime, key_text


class SmsMessage(Model):
    """One try with one gateway. No code is kept, and the phone only as a pseudonym and masked.

    ``outcome`` and ``reason`` are the values of ``sms.gateway``; ``receipt`` is ``delivered`` or ``failed`` once the vendor
    said so; ``verified_at`` is when the shopper typed the code; ``request_id`` is the request that asked for the message.
    """

    __tablename__ = "sms_messages"
    __table_args__ = (Index(None, "phone_name", "sent_at"), Index(None, "gateway", "vendor_message_id"))

    id: Mapped[str] = mapped_column(key_text(32), primary_key=True)
    sms_id: Mapped[str] = mapped_column(key_text(40), index=True)
    phone_name: Mapped[str] = mapped_column(key_text(16))
    phone_masked: Mapped[str] = mapped_column(String(24))
    region: Mapped[str] = mapped_column(String(2))
    purpose: Mapped[str] = mapped_column(String(24))
    language: Mapped[str] = mapped_column(String(8))
    gateway: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    vendor_message_id: Mapped[str | None] = mapped_column(key_text(64))
    vendor_code: Mapped[str | None] = mapped_column(String(96))
    vendor_request_id: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    receipt: Mapped[str | None] = mapped_column(String(16))
    receipt_code: Mapped[str | None] = mapped_column(String(96))
    receipt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
