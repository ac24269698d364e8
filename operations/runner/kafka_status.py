"""What `weir status` reads from Kafka: the last publication, learning-log entry and ledger commit, and the readers' lags."""

from collections.abc import Callable

import msgspec
from confluent_kafka import Message, TopicPartition

from ledger.counting import LedgerSnapshot
from ledger.intervals import Intervals
from ledger.kafka_ledger import SNAPSHOT_KEY
from operations.runner.kafka_tail import last_that
from operations.runner.reconciliation import Lags
from weir.errors import InvalidRecord, PartUnavailable
from weir.kafka_clients import END_OF_PARTITION, consumer
from weir.messages import CONTROL, COUNTS, Counts, EntryNumber, Position, Publication, decode_with
from weir.settings import Settings
from weir.topics import COUNTS_KEY, Topics

Offsets = dict[tuple[str, int], int]
"""The next offset of each topic and partition."""

_SNAPSHOT = msgspec.msgpack.Decoder(LedgerSnapshot)
_ANSWER_S = 5.0
"""Ends the wait for a broker that does not answer. A round number; not measured."""


def last_publication(settings: Settings) -> Publication | None:
    def found(record: Message) -> Publication | None:
        message = decode_with(CONTROL, record.value()) if record.value() is not None else None
        return message if isinstance(message, Publication) else None

    return last_that(settings.bootstrap_servers, settings.topics.control, found)


def last_entry(settings: Settings) -> EntryNumber | None:
    """The number of the learning log's last committed entry."""
    topic = settings.topics.learning_log
    return last_that(settings.bootstrap_servers, topic, lambda record: EntryNumber.parse(record.key()))


def last_commit(settings: Settings) -> tuple[Counts, LedgerSnapshot] | None:
    """The ledger's counts and the snapshot behind them. One transaction writes both, the counts last."""
    snapshots: list[LedgerSnapshot] = []

    def found(record: Message) -> tuple[Counts, LedgerSnapshot] | None:
        if record.key() == SNAPSHOT_KEY:
            snapshots.append(_snapshot(record.value()))
        if record.key() != COUNTS_KEY or not snapshots:
            return None
        return decode_with(COUNTS, record.value()), snapshots[-1]

    return last_that(settings.bootstrap_servers, settings.topics.ledger, found)


def accounted_for(settings: Settings) -> Callable[[Position], bool]:
    """Whether a transaction is scored or dead-lettered, as far as the ledger has counted. No other record is."""
    commit = last_commit(settings)
    books = [commit[1].scored, commit[1].dead] if commit else []
    counted = [{partition: Intervals(some) for partition, some in book.items()} for book in books]

    def accounted(at: Position) -> bool:
        return at.topic == settings.topics.transactions and any(
            at.offset in book.get(at.partition, ()) for book in counted
        )

    return accounted


def _snapshot(stored: bytes | None) -> LedgerSnapshot:
    try:
        return _SNAPSHOT.decode(stored or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRecord("$", f"is not the ledger's snapshot: {error}") from error


def lags_of(topics: Topics, done: dict[str, Offsets], snapshot: LedgerSnapshot, *, ledger_is_behind: bool) -> Lags:
    """How far the readers are behind; `done` holds what each job had committed before the ledger's commit."""
    return Lags(
        detector=_uncommitted(snapshot, done["detector"], [topics.transactions]),
        label_join=_uncommitted(snapshot, done["label-join"], [topics.scored, topics.labels]),
        ledger_is_behind=ledger_is_behind,
    )


def _uncommitted(snapshot: LedgerSnapshot, done: Offsets, topics: list[str]) -> int:
    """How many of the records that the ledger has read a job had not committed."""
    return sum(
        max(0, offset - done.get((topic, partition), 0))
        for topic in topics
        for partition, offset in snapshot.offsets.get(topic, {}).items()
    )


def ledger_is_behind(settings: Settings, snapshot: LedgerSnapshot) -> bool:
    """Whether a record or an open transaction follows what the ledger has read. Markers of transactions do not count.

    Raises:
        PartUnavailable: the broker does not answer in time.
    """
    topics = settings.topics
    read = {topics.transactions, topics.scored, topics.dead_letters, topics.labels, topics.learning_log}
    places = {
        (topic.name, number) for topic in topics.all() if topic.name in read for number in range(topic.partitions)
    }
    reader = consumer(settings.bootstrap_servers, "weir-status", enable_partition_eof=True)
    try:
        reader.assign([TopicPartition(*place, snapshot.offsets.get(place[0], {}).get(place[1], 0)) for place in places])
        while places:
            record = reader.poll(_ANSWER_S)
            if record is not None and record.error() is None:
                return True
            if record is None or record.error().code() != END_OF_PARTITION:
                cause = "no answer" if record is None else record.error()
                raise PartUnavailable(f"The ledger's topics cannot be read: {cause}.", "See `weir logs kafka`.")
            place = record.topic(), record.partition()
            _, end = reader.get_watermark_offsets(TopicPartition(*place), cached=True)
            if record.offset() < end:
                return True
            places.discard(place)
    finally:
        reader.close()
    return False


def sent_ms(settings: Settings, partition: int, offset: int) -> int | None:
    """When the record at this position of `transactions` was sent; None if the topic no longer holds it."""
    reader = consumer(settings.bootstrap_servers, "weir-status", enable_partition_eof=True)
    try:
        reader.assign([TopicPartition(settings.topics.transactions, partition, offset)])
        record = reader.poll(_ANSWER_S)
    finally:
        reader.close()
    if record is None or record.error() is not None or record.offset() != offset:
        return None
    return int(record.timestamp()[1])
