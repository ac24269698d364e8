"""Labels in a SQL database: all that the API accepted, and which of them the broker has acknowledged."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Engine, Insert, MetaData, Row, Table, Text, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from feedback_api.labels import StoredLabel
from feedback_api.sql_database import answering
from weir.messages import Label

labels = Table(
    "labels",
    MetaData(),
    Column("label_id", Text, primary_key=True),
    Column("transaction_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("labeler", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
    Column("labelled_at_ms", BigInteger, nullable=False),
    Column("as_of_ms", BigInteger),
    Column("accepted_at_ms", BigInteger, nullable=False),
    Column("acknowledged_at_ms", BigInteger),
    Column("fraud_type", Text),
    Column("user_id", Text),
    Column("outcome", Text),
    Column("epoch", BigInteger),
    Column("n", BigInteger),
    Column("resolved_at_ms", BigInteger),
    Column("reason", Text),
    Column("in_force_since_ms", BigInteger),
)
"""From `outcome` on, the columns say what became of the label (`feedback_api.sql_receipts`)."""

_CONTENT = [name for name in Label.__struct_fields__ if name != "schema_version"]


class SqlLabels:
    """A LabelStore. Every method blocks for one database transaction, and raises PartUnavailable if it fails."""

    def __init__(self, engine: Engine, now_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._insert_new: Insert = _insert_new(engine.dialect.name)

    def store(self, group: list[Label]) -> list[StoredLabel]:
        """Store labels with new ids. Return, in order, the label stored under each id."""
        ordered = sorted(
            group, key=lambda label: label.label_id
        )  # the same lock order in all instances prevents deadlocks
        now_ms = self._now_ms()
        with answering(), self._engine.begin() as connection:
            connection.execute(self._insert_new, [{**_content(label), "accepted_at_ms": now_ms} for label in ordered])
            asked = labels.c.label_id.in_([label.label_id for label in group])
            kept = {row.label_id: _stored(row) for row in connection.execute(select(labels).where(asked))}
        return [kept[label.label_id] for label in group]

    def acknowledge(self, label_ids: list[str]) -> list[None]:
        """Mark labels as acknowledged by the broker."""
        statement = update(labels).where(labels.c.label_id.in_(label_ids)).values(acknowledged_at_ms=self._now_ms())
        with answering(), self._engine.begin() as connection:
            connection.execute(statement)
        return [None] * len(label_ids)

    def unacknowledged(self, accepted_before_ms: int, limit: int) -> list[Label]:
        """The oldest labels that the broker has not acknowledged."""
        behind = labels.c.acknowledged_at_ms.is_(None) & (labels.c.accepted_at_ms <= accepted_before_ms)
        waiting = select(labels).where(behind).order_by(labels.c.accepted_at_ms).limit(limit)
        with answering(), self._engine.connect() as connection:
            return [_stored(row).label for row in connection.execute(waiting)]

    def find_all(self, label_ids: list[str]) -> list[StoredLabel]:
        """Return the labels with these ids, in this order; unknown ones are left out."""
        with answering(), self._engine.connect() as connection:
            asked = select(labels).where(labels.c.label_id.in_(label_ids))
            kept = {row.label_id: _stored(row) for row in connection.execute(asked)}
        return [kept[label_id] for label_id in label_ids if label_id in kept]

    def ping(self) -> None:
        """Raise PartUnavailable unless the database answers."""
        with answering(), self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def _insert_new(dialect: str) -> Insert:
    """An insert that skips known ids. SQLAlchemy offers that per dialect only."""
    if dialect == "postgresql":
        return postgresql.insert(labels).on_conflict_do_nothing()
    return sqlite.insert(labels).on_conflict_do_nothing()


def _content(label: Label) -> dict[str, Any]:
    return {name: getattr(label, name) for name in _CONTENT}


def _stored(row: Row[Any]) -> StoredLabel:
    columns = row._asdict()
    label = msgspec.convert({name: columns[name] for name in _CONTENT}, Label)
    return StoredLabel(label, row.accepted_at_ms, row.acknowledged_at_ms)
