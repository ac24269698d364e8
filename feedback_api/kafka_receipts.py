"""A thread that reads what became of labels, and stores it beside them.

    learning-log, dead-letters   from where the database says they were read up to
    control                      its end: the publication in force

Whatever stops it, it goes on from the stored offsets; writing a fact twice changes nothing.
"""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition
from msgspec import Struct

from feedback_api.sql_receipts import Entry, InForce, Refusal, SqlReceipts
from weir import kafka_clients
from weir.errors import InvalidRecord, PartUnavailable
from weir.messages import EntryNumber, Outcome, Position
from weir.topics import Topics

BATCH, POLL_S = 2000, 0.2
"""The most records of one transaction, and the seconds that a fact may wait for its batch to fill. Not measured."""

IDLE_S = 5.0
"""Entries that concern no label only move the offsets, which are then stored this often. A round number; not measured."""

RETRY_S, TIMEOUT_S = 1.0, 5.0
"""The pause after Kafka or the database did not answer, and the time for each call. Round numbers; not measured."""

LAST_CONTROL_RECORDS = 500
"""Records to read back from the end of `control`; a publication is among them, or the next one comes soon."""

log = structlog.get_logger()


class _LabelEntry(Struct):
    transaction_id: str
    outcome: Outcome
    label_id: str | None = None


class _Buried(Struct):
    source: Position
    field: str
    reason: str
    dead_lettered_at_ms: int
    transaction_id: str | None = None
    label_id: str | None = None


class _Publication(Struct, tag_field="kind", tag="publication"):
    epoch: int
    n: int
    published_at_ms: int


_learned, _buried = msgspec.json.Decoder(_LabelEntry), msgspec.json.Decoder(_Buried)
_publication = msgspec.json.Decoder(_Publication)
_FOREIGN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidRecord)


class _Facts(NamedTuple):
    entries: list[Entry]
    refusals: list[Refusal]


class ReceiptReader:
    """Reads until closed."""

    def __init__(
        self, bootstrap_servers: str, topics: Topics, receipts: SqlReceipts, *, prepare: Callable[[], None]
    ) -> None:
        self._bootstrap_servers, self._topics = bootstrap_servers, topics
        self._receipts, self._prepare = receipts, prepare
        self._published: InForce | None = None
        self._read: dict[tuple[str, int], int] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-receipts", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise PartUnavailable if the thread has died; receipts would stand still."""
        if not self._thread.is_alive():
            raise PartUnavailable("The reader of receipts has stopped.", "Check `weir logs api`, then restart the API.")

    def close(self) -> None:
        """Stop reading. Blocks until the thread ends."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        consumer = kafka_clients.consumer(self._bootstrap_servers, "weir-receipts", fetch_wait_max_ms=100)
        try:
            while not (self._stopped.is_set() or self._assign(consumer)):
                self._stopped.wait(RETRY_S)
            idle_s = 0.0
            while not self._stopped.is_set():
                idle_s = 0.0 if self._step(consumer, store_offsets=idle_s >= IDLE_S) else idle_s + POLL_S
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> bool:
        try:
            self._prepare()
            known = self._receipts.offsets()
            topics = self._topics
            places = [
                place
                for topic in (topics.learning_log, topics.dead_letters, topics.control)
                for place in self._places(consumer, topic, known)
            ]
        except (KafkaException, PartUnavailable, TimeoutError) as error:
            log.info("receipts_awaited", problem=str(error))
            return False
        consumer.assign(places)
        return True

    def _places(self, consumer: Consumer, topic: str, known: dict[tuple[str, int], int]) -> list[TopicPartition]:
        partitions = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
        if not partitions:
            raise PartUnavailable(f"The broker reports no partitions for {topic} yet.", "Wait a moment.")
        places = []
        for number in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)
            start = high - LAST_CONTROL_RECORDS if topic == self._topics.control else known.get((topic, number), low)
            places.append(TopicPartition(topic, number, min(max(low, start), high)))
        return places

    def _step(self, consumer: Consumer, *, store_offsets: bool) -> bool:
        """Read and store the next records. Return whether anything was stored."""
        records = [record for record in consumer.consume(BATCH, timeout=POLL_S) if record.error() is None]
        facts, published = _Facts([], []), self._published
        for record in records:
            self._note(record, facts)
            if record.topic() != self._topics.control:
                self._read[record.topic(), record.partition()] = record.offset() + 1
        told = bool(facts.entries or facts.refusals)
        if not (told or self._published != published or (store_offsets and self._read)):
            return False
        while not self._stored(facts):
            if self._stopped.wait(RETRY_S):
                return False
        return True

    def _note(self, record: Any, facts: _Facts) -> None:
        """Take down what a record says of a label; a record that is none of Weir's says nothing."""
        topic, at_ms = record.topic(), record.timestamp()[1]
        if record.value() is None:
            return
        try:
            if topic == self._topics.learning_log:
                _note_entry(record, at_ms, facts)
            elif topic == self._topics.dead_letters:
                self._note_letter(record, facts)
            else:
                found = _publication.decode(record.value())
                self._published = InForce(found.epoch, found.n, found.published_at_ms)
        except _FOREIGN:
            return

    def _note_letter(self, record: Any, facts: _Facts) -> None:
        letter = _buried.decode(record.value())
        of_a_label = letter.source.topic == self._topics.labels
        if of_a_label and letter.label_id is not None and letter.transaction_id is not None:
            says = f"{letter.field}: {letter.reason}"
            facts.refusals.append(Refusal(letter.label_id, letter.transaction_id, says, letter.dead_lettered_at_ms))

    def _stored(self, facts: _Facts) -> bool:
        try:
            self._receipts.record(facts.entries, facts.refusals, self._published, self._read)
        except PartUnavailable as error:
            log.warning("receipts_not_stored", problem=error.problem)
            return False
        self._read = {}
        return True


def _note_entry(record: Any, at_ms: int, facts: _Facts) -> None:
    found = _learned.decode(record.value())
    if found.label_id is not None:
        epoch, n = EntryNumber.parse(record.key())
        facts.entries.append(Entry(found.label_id, found.transaction_id, found.outcome, epoch, n, at_ms))
