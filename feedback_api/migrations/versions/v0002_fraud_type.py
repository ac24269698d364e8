"""The labeler's word for the kind of fraud."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; older labels have none."""
    op.add_column("labels", sa.Column("fraud_type", sa.Text))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("labels", "fraud_type")
