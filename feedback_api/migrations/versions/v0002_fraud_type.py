"""Add the labeler's word for the kind of fraud. Older labels have none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("labels", sa.Column("fraud_type", sa.Text))


def downgrade() -> None:
    op.drop_column("labels", "fraud_type")
