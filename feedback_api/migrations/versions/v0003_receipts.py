"""Add whose payment a label means, what became of it, and how far the topics that say so have been read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NOT_IN_FORCE = sa.text("n IS NOT NULL AND in_force_since_ms IS NULL")
COLUMNS = {
    "user_id": sa.Text,
    "outcome": sa.Text,
    "epoch": sa.BigInteger,
    "n": sa.BigInteger,
    "resolved_at_ms": sa.BigInteger,
    "reason": sa.Text,
    "in_force_since_ms": sa.BigInteger,
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("labels", sa.Column(name, kind))
    op.create_index(
        "labels_not_in_force",
        "labels",
        ["epoch", "n"],
        sqlite_where=NOT_IN_FORCE,
        postgresql_where=NOT_IN_FORCE,
    )
    op.create_table(
        "receipt_offsets",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.BigInteger, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("receipt_offsets")
    op.drop_index("labels_not_in_force", "labels")
    for name in COLUMNS:
        op.drop_column("labels", name)
