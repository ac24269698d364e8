"""What became of labels, in the same SQL table, and the offsets up to which the topics that say so were read.

Every write is idempotent: several instances of the API read the same topics and write the same facts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Engine, Insert, MetaData, Row, Table, Text, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from feedback_api.receipts import Resolved
from feedback_api.sql_database import answering
from feedback_api.sql_labels import labels
from weir.messages import Outcome

offsets = Table(
    "receipt_offsets",
    MetaData(),
    Column("topic", Text, primary_key=True),
    Column("partition", BigInteger, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

Offsets = Mapping[tuple[str, int], int]
"""The next offset to read by topic and partition."""


class Entry(NamedTuple):
    """A label's entry in the learning log, written at `at_ms` of wall time."""

    label_id: str
    transaction_id: str
    outcome: Outcome
    epoch: int
    n: int
    at_ms: int


class Refusal(NamedTuple):
    """A label's dead letter."""

    label_id: str
    transaction_id: str
    reason: str
    at_ms: int


class InForce(NamedTuple):
    """A publication that has learned the log up to (`epoch`, `n`)."""

    epoch: int
    n: int
    at_ms: int


class SqlReceipts:
    """Every method blocks for one database transaction, and raises PartUnavailable if it fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._advance: Insert = _advance(engine.dialect.name)

    def offsets(self) -> dict[tuple[str, int], int]:
        """Return how far the topics were read."""
        with answering(), self._engine.connect() as connection:
            return {(row.topic, row.partition): row.next_offset for row in connection.execute(select(offsets))}

    def record(
        self, entries: Sequence[Entry], refusals: Sequence[Refusal], published: InForce | None, read: Offsets
    ) -> None:
        """Store what the topics said, and how far they were read, in one transaction."""
        with answering(), self._engine.begin() as connection:
            if entries:
                connection.execute(_JOINED, [_bound(entry) for entry in entries])
            if refusals:
                connection.execute(_REFUSED, [_bound(refusal) for refusal in refusals])
            if published is not None:
                connection.execute(_IN_FORCE, {f"b_{name}": value for name, value in published._asdict().items()})
            if read:
                rows = [
                    {"topic": topic, "partition": partition, "next_offset": offset}
                    for (topic, partition), offset in sorted(read.items())
                ]
                connection.execute(self._advance, rows)

    def resolved(self, transaction_ids: Iterable[str]) -> dict[str, list[Resolved]]:
        """Return what became of all labels on these payments, by payment."""
        asked = labels.c.transaction_id.in_(set(transaction_ids))
        found: dict[str, list[Resolved]] = defaultdict(list)
        with answering(), self._engine.connect() as connection:
            for row in connection.execute(select(labels).where(asked)):
                found[row.transaction_id].append(_resolved(row))
        return found


_THIS = (labels.c.label_id == bindparam("b_label_id")) & (labels.c.transaction_id == bindparam("b_transaction_id"))
_JOINED = (
    update(labels)
    .where(_THIS & (labels.c.epoch.is_(None) | (labels.c.epoch < bindparam("b_epoch"))))
    .values(
        outcome=bindparam("b_outcome"),
        epoch=bindparam("b_epoch"),
        n=bindparam("b_n"),
        resolved_at_ms=bindparam("b_at_ms"),
        in_force_since_ms=None,
    )
)
_REFUSED = (
    update(labels)
    .where(_THIS & labels.c.n.is_(None) & labels.c.reason.is_(None))
    .values(reason=bindparam("b_reason"), resolved_at_ms=bindparam("b_at_ms"))
)
_IN_FORCE = (
    update(labels)
    .where(labels.c.n.is_not(None) & labels.c.in_force_since_ms.is_(None))
    .where((labels.c.epoch == bindparam("b_epoch")) & (labels.c.n <= bindparam("b_n")))
    .values(in_force_since_ms=bindparam("b_at_ms"))
)


def _bound(fact: Entry | Refusal) -> dict[str, object]:
    return {f"b_{name}": value for name, value in fact._asdict().items()}


def _advance(dialect: str) -> Insert:
    """An insert that keeps the greater of two offsets: another instance may have read further."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(offsets)
    further = insert.excluded.next_offset
    upsert: Insert = insert.on_conflict_do_update(
        index_elements=[offsets.c.topic, offsets.c.partition],
        set_={"next_offset": further},
        where=further > offsets.c.next_offset,
    )
    return upsert


def _resolved(row: Row[tuple[object, ...]]) -> Resolved:
    return Resolved(
        row.label_id,
        row.verdict,
        row.outcome,
        row.epoch,
        row.n,
        row.resolved_at_ms,
        row.reason,
        row.in_force_since_ms,
        row.user_id,
    )
