"""Create the table of labels, with an index of those that the broker has not acknowledged."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

UNACKNOWLEDGED = sa.text("acknowledged_at_ms IS NULL")


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("label_id", sa.Text, primary_key=True),
        sa.Column("transaction_id", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("labeler", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("labelled_at_ms", sa.BigInteger, nullable=False),
        sa.Column("as_of_ms", sa.BigInteger),
        sa.Column("accepted_at_ms", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_at_ms", sa.BigInteger),
    )
    op.create_index("labels_by_transaction", "labels", ["transaction_id"])
    op.create_index(
        "labels_unacknowledged",
        "labels",
        ["accepted_at_ms"],
        sqlite_where=UNACKNOWLEDGED,
        postgresql_where=UNACKNOWLEDGED,
    )


def downgrade() -> None:
    op.drop_table("labels")
