"""Counting: from a namespace's records to its counts.

A transaction is identified by its position on `transactions`. It counts as scored or dead-lettered only once that
position has been read, so the counts add up at any moment, in whatever order the topics are read. A position that is
both scored and dead-lettered counts as scored; one with several scores also counts as `scored_twice`. A label is
identified as `ledger.label_book` describes, an entry of the learning log by its `epoch:n`.
"""

import msgspec
from msgspec import Struct

from ledger.intervals import Interval, Positions
from ledger.label_book import LabelBook, identity, identity_of
from weir.dead_letters import RecordIds, ids_in
from weir.errors import InvalidRecord
from weir.messages import Counts, EntryNumber, Outcome, Position, WaitingLabel
from weir.topics import Topics

NAMED = 3
"""Waiting labels that the counts name. A round number: enough to search for."""


class _Sourced(Struct):
    source: Position


class _DeadLettered(Struct):
    """A letter has no ids if its record had none, or if it is old. An old letter has no `payload_bytes` either."""

    source: Position
    payload: bytes | None = None
    payload_bytes: int | None = None
    transaction_id: str | None = None
    label_id: str | None = None


class _Learned(Struct):
    transaction_id: str
    outcome: Outcome
    label_id: str | None = None


_sourced = msgspec.json.Decoder(_Sourced)
_dead_lettered = msgspec.json.Decoder(_DeadLettered)
_learned = msgspec.json.Decoder(_Learned)
_FOREIGN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidRecord)


class LedgerSnapshot(Struct, kw_only=True):
    """The ledger's state without the label book. `offsets` holds the next offset of each topic and partition."""

    schema_version: int = 1
    offsets: dict[str, dict[int, int]] = {}
    sent: dict[int, list[Interval]] = {}
    scored: dict[int, list[Interval]] = {}
    scored_twice: dict[int, list[Interval]] = {}
    dead: dict[int, list[Interval]] = {}
    learned: dict[int, list[Interval]] = {}
    implicit: dict[int, int] = {}
    repeated: int = 0


class Ledger:
    """Counts distinct records. A record that is not one of Weir's messages changes nothing."""

    def __init__(self, topics: Topics, snapshot: LedgerSnapshot | None = None, book: LabelBook | None = None) -> None:
        past = snapshot or LedgerSnapshot()
        self.topics = topics
        self.labels = book or LabelBook()
        self.labels.repeated = past.repeated
        self._sent, self._dead = Positions(past.sent), Positions(past.dead)
        self._scored, self._scored_twice = Positions(past.scored), Positions(past.scored_twice)
        self._learned = Positions(past.learned)
        self._implicit = dict(past.implicit)

    def sent(self, partition: int, offset: int) -> None:
        """Count a record of `transactions`, whatever it holds."""
        self._sent.add(partition, offset)

    def scored(self, payload: bytes | None) -> None:
        """Count a record of `scored-transactions`."""
        try:
            source = _sourced.decode(payload or b"").source
        except _FOREIGN:
            return
        if source.topic == self.topics.transactions and not self._scored.add(source.partition, source.offset):
            self._scored_twice.add(source.partition, source.offset)

    def dead_lettered(self, payload: bytes | None) -> None:
        """Count a record of `dead-letters`. A dead user event is neither a transaction nor a label."""
        try:
            letter = _dead_lettered.decode(payload or b"")
        except _FOREIGN:
            return
        source = letter.source
        if source.topic == self.topics.transactions:
            self._dead.add(source.partition, source.offset)
            if (transaction_id := letter.transaction_id or _payload_ids(letter).transaction_id) is not None:
                self.labels.refuse(transaction_id)
        elif source.topic == self.topics.labels:
            self.labels.bury(_identity_of(letter))

    def labelled(self, partition: int, offset: int, payload: bytes | None, at_ms: int = 0) -> None:
        """Count a record of `labels`, which Kafka stored at this time."""
        ids = ids_in(payload)
        told = WaitingLabel(ids.label_id or "", ids.transaction_id or "", at_ms)
        self.labels.accept(identity_of(ids, partition, offset), told)

    def learned(self, key: bytes | None, payload: bytes | None) -> None:
        """Count a record of `learning-log`."""
        try:
            epoch, n = EntryNumber.parse(key)
            example = _learned.decode(payload or b"")
        except _FOREIGN:
            return
        if not self._learned.add(epoch, n):
            return
        if example.label_id is None:
            self._implicit[epoch] = self._implicit.get(epoch, 0) + 1
        else:
            self.labels.learn(identity(example.transaction_id, example.label_id), example.outcome)

    def counts(self, now_ms: int) -> Counts:
        """Return the reconciliation of the records counted so far."""
        scored = self._sent.common(self._scored)
        dead = self._sent.common(self._dead)
        only_dead = len(dead) - len(dead.common(scored))
        labels = self.labels
        return Counts(
            transactions_sent=len(self._sent),
            scored=len(scored),
            transactions_dead_lettered=only_dead,
            in_flight=len(self._sent) - len(scored) - only_dead,
            scored_twice=len(self._scored_twice),
            labels_accepted=labels.accepted,
            label_examples=labels.count("example"),
            label_revisions=labels.count("revision"),
            label_confirmations=labels.count("confirmation"),
            labels_dead_lettered=labels.dead,
            labels_waiting=labels.waiting,
            labels_repeated=labels.repeated,
            implicit_examples=self._implicit.get(max(self._implicit, default=0), 0),
            counted_at_ms=now_ms,
            labels_of_refused=labels.waiting_labels.refused,
            longest_waiting=list(labels.waiting_labels.longest(NAMED)),
        )

    def snapshot(self, offsets: dict[str, dict[int, int]]) -> LedgerSnapshot:
        """Return the state from which `Ledger(topics, snapshot, book)` resumes."""
        return LedgerSnapshot(
            offsets=offsets,
            sent=self._sent.pairs(),
            scored=self._scored.pairs(),
            scored_twice=self._scored_twice.pairs(),
            dead=self._dead.pairs(),
            learned=self._learned.pairs(),
            implicit=self._implicit,
            repeated=self.labels.repeated,
        )


def _identity_of(letter: _DeadLettered) -> bytes:
    """Return a dead label's identity. In an old letter, which holds the whole payload, ids may be found there."""
    if letter.transaction_id is not None and letter.label_id is not None:
        return identity(letter.transaction_id, letter.label_id)
    return identity_of(_payload_ids(letter), letter.source.partition, letter.source.offset)


def _payload_ids(letter: _DeadLettered) -> RecordIds:
    return ids_in(letter.payload if letter.payload_bytes is None else None)
