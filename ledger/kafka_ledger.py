"""The ledger on Kafka: read five topics and write the counts.

Each commit is one transaction: the changed label segments, the snapshot, and last the counts. State and offsets
therefore change together, and the last record of `ledger` is always Counts. The transactional id belongs to the
namespace, so a second ledger fences the first.
"""

import re
import time
from collections.abc import Callable

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from ledger.counting import Ledger, LedgerSnapshot
from ledger.label_book import NONE_WAIT, LabelBook, Segment
from weir.clock import now_ms
from weir.errors import DeploymentError, PartUnavailable
from weir.kafka_clients import consumer, create_topics, fencing_producer, read_to_end
from weir.messages import encode
from weir.settings import Settings
from weir.topics import COUNTS_KEY, Topics

SNAPSHOT_KEY = b"snapshot"
COMMIT_EVERY_S = 0.5
"""How old the counts may be. A round number; not measured."""

_SEGMENT_KEY = re.compile(rb"labels:(\d+)")

_BATCH, _POLL_S, _TIMEOUT_S = 5000, 0.1, 30.0
"""Records and seconds of one read, and seconds until a silent broker is an error. Round numbers; not measured."""

_IN_BATCHES = {"fetch_min_bytes": 2**20, "fetch_wait_max_ms": 250}
"""Counts may be this late, and a request for each record would cost the broker as much as the detector's own
(docs/measurements/whole-loop.md)."""

_SNAPSHOT = msgspec.msgpack.Decoder(LedgerSnapshot)

_log = structlog.get_logger()


def run_ledger(settings: Settings, stopping: Callable[[], bool]) -> None:
    """Count until `stopping()`.

    Raises:
        PartUnavailable: the broker does not answer.
        DeploymentError: the counts cannot be written, for example because another ledger took over.
    """
    create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
    process = LedgerProcess(settings)
    try:
        while not stopping():
            process.step()
        process.commit()
    finally:
        process.close()


class LedgerProcess:
    """One run of the ledger. Construction fences any other ledger and resumes from the last commit."""

    def __init__(self, settings: Settings) -> None:
        servers, self._topics = settings.bootstrap_servers, settings.topics
        self._producer = fencing_producer(servers, f"weir-ledger-{settings.namespace}")
        snapshot, book = read_stored(servers, self._topics)
        self._ledger = Ledger(self._topics, snapshot, book)
        self._offsets = {topic: dict(offsets) for topic, offsets in snapshot.offsets.items()}
        self._reader = consumer(servers, f"weir-ledger-{settings.namespace}", **_IN_BATCHES)
        self._handlers = _handlers(self._ledger)
        self._reader.assign(self._positions())
        self._changed, self._committed_s = True, 0.0
        _log.info("ledger_started", namespace=settings.namespace, resumed=bool(snapshot.offsets))

    def step(self) -> None:
        """Read a batch; commit if `COMMIT_EVERY_S` has passed."""
        for record in self._reader.consume(_BATCH, timeout=_POLL_S):
            if record.error() is not None:
                raise PartUnavailable(f"The ledger cannot read its topics: {record.error()}.", "Run `weir logs kafka`.")
            self._process(record)
        if time.monotonic() - self._committed_s >= COMMIT_EVERY_S:
            self.commit()

    def commit(self) -> None:
        """Write the counts and their snapshot if anything changed."""
        if not self._changed:
            return
        counts = self._ledger.counts(now_ms())
        segments = self._ledger.labels.changed_segments()
        records = [(b"labels:%d" % number, stored.states) for number, stored in segments.items()]
        records += [(b"waiting:%d" % number, stored.waiting) for number, stored in segments.items()]
        snapshot = msgspec.msgpack.encode(self._ledger.snapshot(self._offsets))
        self._write([*records, (SNAPSHOT_KEY, snapshot), (COUNTS_KEY, encode(counts))])
        self._changed, self._committed_s = False, time.monotonic()

    def close(self) -> None:
        """Stop reading. The next ledger reads again what is not committed."""
        self._reader.close()

    def _process(self, record: Message) -> None:
        topic = record.topic()
        self._handlers[topic](record)
        self._offsets.setdefault(topic, {})[record.partition()] = record.offset() + 1
        self._changed = True

    def _write(self, records: list[tuple[bytes, bytes]]) -> None:
        try:
            self._producer.begin_transaction()
            for key, value in records:
                self._producer.produce(self._topics.ledger, value, key)
            self._producer.commit_transaction()
        except KafkaException as error:
            remedy = "If no other ledger of this namespace runs, restart this one: it resumes from its last commit."
            raise DeploymentError(f"The counts were not written: {error}.", remedy) from error

    def _positions(self) -> list[TopicPartition]:
        """Return every partition of the five topics at its stored offset, or at its start."""
        return [
            TopicPartition(topic, partition, self._offsets.get(topic, {}).get(partition, 0))
            for topic in self._handlers
            for partition in _partitions(self._reader, topic)
        ]


def read_stored(bootstrap_servers: str, topics: Topics) -> tuple[LedgerSnapshot, LabelBook]:
    """Read the last commit of a namespace's ledger. Snapshot and book are empty if there is none.

    Raises:
        DeploymentError: the stored snapshot cannot be read, for example because something else wrote to the topic.
    """
    latest = {record.key(): record.value() for record in read_to_end(bootstrap_servers, topics.ledger)}
    book = LabelBook()
    found = ((_SEGMENT_KEY.fullmatch(key or b""), value) for key, value in latest.items())
    segments = {int(match[1]): value for match, value in found if match}
    for number in sorted(segments):
        book.load_segment(number, Segment(segments[number], latest.get(b"waiting:%d" % number) or NONE_WAIT))
    stored = latest.get(SNAPSHOT_KEY)
    return (_decode_snapshot(stored, topics.ledger) if stored else LedgerSnapshot()), book


def _decode_snapshot(stored: bytes, topic: str) -> LedgerSnapshot:
    try:
        return _SNAPSHOT.decode(stored)
    except msgspec.DecodeError as error:
        remedy = f"Delete the topic {topic} and restart the ledger: it counts again what the other topics still hold."
        raise DeploymentError(f"The ledger cannot read its snapshot in {topic}: {error}.", remedy) from error


def _handlers(ledger: Ledger) -> dict[str, Callable[[Message], None]]:
    """Map each topic to the method that counts its records. Payloads of transactions are not decoded."""
    topics = ledger.topics
    return {
        topics.transactions: lambda record: ledger.sent(record.partition(), record.offset()),
        topics.scored: lambda record: ledger.scored(record.value()),
        topics.dead_letters: lambda record: ledger.dead_lettered(record.value()),
        topics.labels: lambda record: ledger.labelled(
            record.partition(), record.offset(), record.value(), record.timestamp()[1]
        ),
        topics.learning_log: lambda record: ledger.learned(record.key(), record.value()),
    }


def _partitions(reader: Consumer, topic: str) -> list[int]:
    try:
        return sorted(reader.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
    except KafkaException as error:
        raise PartUnavailable(f"The broker does not answer the ledger: {error}.", "Run `weir logs kafka`.") from error
