"""Where limits count while their storage is away."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime, key_text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "limit_hits",
        sa.Column("name", key_text(100), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_limit_hits"),
    )
    op.create_index("ix_limit_hits_ends_at", "limit_hits", ["ends_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("limit_hits")
