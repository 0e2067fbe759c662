"""The life of accounts: devices, changes of phone, events, notices, and the states of users between."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime, key_text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.add_column("users", sa.Column("email_version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("users", sa.Column("seen_at", UtcDateTime()))
    op.add_column("users", sa.Column("erase_after", UtcDateTime()))
    op.create_index("ix_users_erase_after", "users", ["erase_after"])
    # The new one first: MariaDB wants an index for the foreign key at all times.
    op.create_index("ix_sessions_user_id_ended_at", "sessions", ["user_id", "ended_at"])
    op.drop_index("ix_sessions_user_id", "sessions")
    _devices()
    _phone_changes()
    _security_events()
    _notices()


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("user_id", key_text(32), nullable=False),
        sa.Column("name", key_text(100), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name", name="pk_devices"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id", ondelete="CASCADE"),
    )


def _phone_changes() -> None:
    op.create_table(
        "phone_changes",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("user_id", key_text(32), nullable=False),
        sa.Column("old_phone", key_text(20), nullable=False),
        sa.Column("new_phone", key_text(20), nullable=False),
        sa.Column("undo_check", key_text(64), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("undo_until", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_phone_changes"),
        sa.UniqueConstraint("undo_check", name="uq_phone_changes_undo_check"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_phone_changes_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_phone_changes_user_id", "phone_changes", ["user_id"])
    op.create_index("ix_phone_changes_undo_until", "phone_changes", ["undo_until"])


def _security_events() -> None:
    op.create_table(
        "security_events",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("user_id", key_text(32)),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("session_id", key_text(32)),
        sa.Column("ip", sa.String(45)),
        sa.Column("device", sa.String(200)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("detail", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_security_events"),
    )
    op.create_index("ix_security_events_user_id_id", "security_events", ["user_id", "id"])
    op.create_index("ix_security_events_at", "security_events", ["at"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", key_text(32), nullable=False),
        sa.Column("user_id", key_text(32)),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("recipient_masked", sa.String(120), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(64)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("sent_at", UtcDateTime()),
        sa.Column("error", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    for column in ("user_id", "created_at", "due_at"):
        op.create_index(f"ix_notices_{column}", "notices", [column])


def downgrade() -> None:
    """Take back."""
    for table in ("notices", "security_events", "phone_changes", "devices"):
        op.drop_table(table)
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.drop_index("ix_sessions_user_id_ended_at", "sessions")
    op.drop_index("ix_users_erase_after", "users")
    for column in ("erase_after", "seen_at", "email_version"):
        op.drop_column("users", column)
