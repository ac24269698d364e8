"""A thread that reads five topics, starting a day back, and hands decoded facts to the console.

It joins no consumer group and commits nothing. It hands over a batch only after the previous one was applied; otherwise
catching up would pile up work in the event loop.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from feedback_api.console.facts import Fact, Reachable, fact_of
from weir import kafka_clients
from weir.clock import now_ms
from weir.errors import InvalidRecord, PartUnavailable
from weir.topics import DAY_MS, Topics

BATCH, POLL_S = 200, 0.1
"""The most facts that hold the event loop at once, and the seconds a fact may wait for its batch to fill. Not measured."""

RETRY_S, TIMEOUT_S = 0.5, 5.0
"""The pause between two attempts to find the topics, and the time for each call. Round numbers; not measured."""

ASK_AFTER_S, ASK_S = 3.0, 1.0
"""Seconds of silence until the reader asks whether the broker answers, and seconds to wait for it. Not measured.

While records arrive, the ledger writes counts every half second, so 3 s of silence may be an outage.
"""

MOST_ALERTS = 20_000
MOST_CONTROL_RECORDS = 2000
"""Records to read from the end of a topic at most; they bound the start. Round numbers; not measured."""

log = structlog.get_logger()


class Start(NamedTuple):
    """Where to start reading a topic: `back_ms` ago, but at most `at_most` records before the end."""

    back_ms: int
    at_most: int


class ConsoleReader:
    """Reads until closed. It calls `apply` in its own thread; `apply` must return only when the batch is applied."""

    def __init__(
        self,
        bootstrap_servers: str,
        topics: Topics,
        instance: str,
        *,
        prepare: Callable[[], None],
        apply: Callable[[list[Fact]], None],
    ) -> None:
        self._bootstrap_servers, self._topics, self._instance = bootstrap_servers, topics, instance
        self._prepare, self._apply = prepare, apply
        self._stopped = threading.Event()
        self._heard_s, self._away = time.monotonic(), False
        self._thread = threading.Thread(target=self._run, name="kafka-console", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise PartUnavailable if the reader's thread has died; the page would freeze."""
        if not self._thread.is_alive():
            raise PartUnavailable("The console's reader has stopped.", "Check `weir logs api`, then restart the API.")

    def close(self) -> None:
        """Stop reading. Blocks until the thread ends."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        options = {"fetch_wait_max_ms": 100, "queued_max_messages_kbytes": 16 * 1024}
        consumer = kafka_clients.consumer(self._bootstrap_servers, f"weir-console-{self._instance}", **options)
        try:
            while not (self._stopped.is_set() or self._assign(consumer)):
                self._reached(answers=False)
                self._stopped.wait(RETRY_S)
            while not self._stopped.is_set():
                self._step(consumer)
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> bool:
        try:
            self._prepare()
            places = [place for topic, start in self._starts().items() for place in _places(consumer, topic, start)]
        except (KafkaException, PartUnavailable, TimeoutError) as error:
            log.info("console_topics_awaited", problem=str(error))
            return False
        consumer.assign(places)
        self._reached(answers=True)
        log.info("console_topics_read", partitions=len(places))
        return True

    def _starts(self) -> dict[str, Start]:
        """Control has no limit in time: it is compacted, and the model in force may be older than a day."""
        topics, forever = self._topics, 2**62
        return {
            topics.learning_log: Start(DAY_MS, forever),
            topics.alerts: Start(DAY_MS, MOST_ALERTS),
            topics.twin_alerts: Start(DAY_MS, forever),
            topics.control: Start(forever, MOST_CONTROL_RECORDS),
            topics.ledger: Start(DAY_MS, MOST_CONTROL_RECORDS),
        }

    def _step(self, consumer: Consumer) -> None:
        """Hand over the next records. After ASK_AFTER_S without any, ask Kafka for its topics to see whether it is up."""
        records = [record for record in consumer.consume(BATCH, timeout=POLL_S) if record.error() is None]
        facts = [fact for record in records if (fact := self._decoded(record)) is not None]
        if facts:
            self._apply(facts)
        if records or time.monotonic() - self._heard_s > ASK_AFTER_S:
            self._reached(answers=bool(records) or _answers(consumer))

    def _reached(self, *, answers: bool) -> None:
        silent_ms = round((time.monotonic() - self._heard_s) * 1000)
        self._heard_s = time.monotonic() if answers else self._heard_s
        if answers == self._away:
            self._away = not answers
            self._apply([Reachable(now_ms() - silent_ms if self._away else None)])

    def _decoded(self, record: Any) -> Fact | None:
        try:
            return fact_of(self._topics, record.topic(), record.key(), record.value(), record.timestamp()[1])
        except InvalidRecord as error:
            log.warning("console_record_refused", topic=record.topic(), field=error.field, reason=error.reason)
            return None


def _answers(consumer: Consumer) -> bool:
    try:
        consumer.list_topics(timeout=ASK_S)
    except KafkaException:
        return False
    return True


def _places(consumer: Consumer, topic: str, start: Start) -> list[TopicPartition]:
    partitions = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
    if not partitions:
        raise PartUnavailable(f"The broker reports no partitions for {topic} yet.", "Wait a moment.")
    return [_place(consumer, TopicPartition(topic, number), start) for number in partitions]


def _place(consumer: Consumer, partition: TopicPartition, start: Start) -> TopicPartition:
    low, high = consumer.get_watermark_offsets(partition, timeout=TIMEOUT_S)
    since_ms = max(0, now_ms() - start.back_ms)
    asked = TopicPartition(partition.topic, partition.partition, since_ms)
    since = consumer.offsets_for_times([asked], timeout=TIMEOUT_S)[0].offset
    offset = max(low, high - start.at_most, since if since >= 0 else high)
    return TopicPartition(partition.topic, partition.partition, offset)
