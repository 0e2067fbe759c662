"""Users and sessions, the first tables."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime, key_text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "users",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("phone", key_text(20)),
        sa.Column("username", sa.String(60), nullable=False),
        sa.Column("username_key", key_text(180), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("verified_email_key", key_text(320)),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("credential_version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("phone", name="uq_users_phone"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("verified_email_key", name="uq_users_verified_email_key"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("user_id", key_text(32), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("refreshed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("sessions")
    op.drop_table("users")
