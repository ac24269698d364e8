"""A thread that reads the reply topic from its end and hands over the replies for this instance."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from feedback_api.replies import PaymentKey, Reply, reply_of
from weir import kafka_clients
from weir.errors import InvalidRecord, PartUnavailable

POLL_S = 0.2
"""Bounds how long `close` blocks; a reply ends the poll at once. A round number; not measured."""

RETRY_S = 0.5
"""The pause between two attempts to find the topic. A round number; not measured."""

log = structlog.get_logger()


class ReplyReader:
    """Reads replies until closed. It calls `arrived` in its own thread.

    Positions are fixed before `wait_until_assigned` returns True, so no reply to a later request is missed. There is no
    consumer group, because only the instance that waits for a reply can use it.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        instance: str,
        *,
        prepare: Callable[[], None],
        arrived: Callable[[PaymentKey, Reply], None],
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._instance = instance
        self._prepare = prepare
        self._arrived = arrived
        self._stopped, self._assigned = threading.Event(), threading.Event()
        self._positions: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="kafka-replies", daemon=True)
        self._thread.start()

    def wait_until_assigned(self, timeout_s: float) -> bool:
        """Return whether the positions are fixed. Blocks for up to `timeout_s`."""
        return self._assigned.wait(timeout_s)

    def positions(self) -> dict[int, int]:
        """The next offset by partition.

        Raises:
            PartUnavailable: the reader has not reached a broker yet, or its thread has died.
        """
        if not (self._assigned.is_set() and self._thread.is_alive()):
            raise PartUnavailable("The reply topic is not being read.", "See `weir logs kafka` and `weir logs api`.")
        return dict(self._positions)

    def close(self) -> None:
        """Stop reading. Blocks until the thread ends."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        consumer = kafka_clients.consumer(
            self._bootstrap_servers, f"weir-api-{self._instance}", auto_offset_reset="latest", fetch_wait_max_ms=100
        )
        try:
            while not (self._stopped.is_set() or self._assign(consumer)):
                self._stopped.wait(RETRY_S)
            while not self._stopped.is_set():
                self._process(consumer.poll(POLL_S))
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> bool:
        try:
            self._prepare()
            ends = self._ends(consumer)
        except (KafkaException, PartUnavailable, TimeoutError) as error:
            log.info("reply_topic_awaited", problem=str(error))
            return False
        consumer.assign([TopicPartition(self._topic, number, end) for number, end in ends.items()])
        self._positions = ends
        self._assigned.set()
        log.info("replies_read", topic=self._topic, partitions=len(ends))
        return True

    def _ends(self, consumer: Consumer) -> dict[int, int]:
        partitions = consumer.list_topics(self._topic, timeout=5).topics[self._topic].partitions
        if not partitions:
            raise PartUnavailable("The broker reports no partitions for the reply topic yet.", "Wait a moment.")
        return {
            number: consumer.get_watermark_offsets(TopicPartition(self._topic, number), timeout=5)[1]
            for number in partitions
        }

    def _process(self, record: Any) -> None:
        if record is None or record.error() is not None:  # librdkafka retries by itself; /readyz shows the broker
            return
        self._positions[record.partition()] = record.offset() + 1
        if record.key() != self._instance.encode():
            return
        try:
            self._arrived(*reply_of(record.value()))
        except InvalidRecord as error:
            log.warning("reply_refused", field=error.field, reason=error.reason, offset=record.offset())
