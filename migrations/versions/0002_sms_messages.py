"""Messages: what became of each try to send one."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime, key_text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sms_messages",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("sms_id", key_text(40), nullable=False),
        sa.Column("phone_name", key_text(16), nullable=False),
        sa.Column("phone_masked", sa.String(24), nullable=False),
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24)),
        sa.Column("vendor_message_id", key_text(64)),
        sa.Column("vendor_code", sa.String(96)),
        sa.Column("vendor_request_id", sa.String(64)),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("receipt", sa.String(16)),
        sa.Column("receipt_code", sa.String(96)),
        sa.Column("receipt_at", UtcDateTime()),
        sa.Column("verified_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_sms_messages"),
    )
    for columns in (["sms_id"], ["phone_name", "sent_at"], ["gateway", "vendor_message_id"], ["sent_at"]):
        op.create_index(f"ix_sms_messages_{'_'.join(columns)}", "sms_messages", columns)


def downgrade() -> None:
    """Take back."""
    op.drop_table("sms_messages")
