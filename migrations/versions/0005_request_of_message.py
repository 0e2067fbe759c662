"""The request that a message was sent for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.add_column("sms_messages", sa.Column("request_id", sa.String(64)))


def downgrade() -> None:
    """Take back."""
    op.drop_column("sms_messages", "request_id")
