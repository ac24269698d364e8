"""The frozen twin on Kafka: `python -m detector.kafka_twin` runs it until it is stopped.

It reads transactions, user events and control from the beginning because users' state is in memory; the offsets that it
commits only show its progress. An alert may be written twice; its transaction id identifies it.
"""

import sys
import time
from collections.abc import Callable

import structlog
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from detector.twin import Twin
from weir.clock import now_ms
from weir.compiled import warm
from weir.errors import DeploymentError, InvalidRecord, PartUnavailable
from weir.kafka_clients import consumer, create_topics, producer, read_to_end
from weir.messages import TWIN_FROZEN, TwinFrozen, decode_with
from weir.records import Inbound
from weir.serving import serve
from weir.settings import Settings
from weir.topics import FROZEN_KEY

_BATCH, _POLL_S, _COMMIT_EVERY_S, _TIMEOUT_S = 500, 0.05, 1.0, 30.0
"""Records and seconds of one step, seconds between commits, and seconds until a silent broker is an error. Not measured.

A step is short because the process commits and stops only between steps. Commits only show progress, so one a second is
enough.
"""

_log = structlog.get_logger()


class TwinProcess:
    """One run of the twin."""

    def __init__(self, settings: Settings, freeze_at_ms: int) -> None:
        servers, self._topics = settings.bootstrap_servers, settings.topics
        frozen = _last_frozen(settings)
        self._twin = Twin(settings.detector, self._topics, settings.require_signing_key(), freeze_at_ms, frozen)
        self._producer: Producer = producer(servers)
        self._reader: Consumer = consumer(servers, settings.twin_group)
        followed = [self._topics.transactions, self._topics.user_events]
        places = [TopicPartition(topic, number, 0) for topic in followed for number in self._parts(topic)]
        self._reader.assign([*places, TopicPartition(self._topics.control, 0, self._catch_up(servers))])
        self._committed_s = time.monotonic()
        _log.info("twin_started", namespace=settings.namespace, freeze_at_ms=freeze_at_ms, frozen=frozen is not None)

    def step(self) -> None:
        """Process the records that have arrived; commit the offsets once a second."""
        for record in self._reader.consume(_BATCH, timeout=_POLL_S):
            if record.error() is not None:
                raise PartUnavailable(f"The twin cannot read from Kafka: {record.error()}.", "See `weir logs kafka`.")
            self._process(record)
        self._producer.poll(0)
        if time.monotonic() - self._committed_s >= _COMMIT_EVERY_S:
            self._commit()

    def close(self) -> None:
        """Commit and stop reading."""
        self._commit()
        self._reader.close()

    def _catch_up(self, bootstrap_servers: str) -> int:
        """Apply all of `control` before the first transaction is scored; return the offset to continue from."""
        offset = 0
        for record in read_to_end(bootstrap_servers, self._topics.control):
            self._twin.learn(record.value(), record.key())
            offset = record.offset() + 1
        return offset

    def _process(self, record: Message) -> None:
        if record.topic() == self._topics.control:
            self._twin.learn(record.value(), record.key())
            return
        was_frozen = self._twin.frozen
        inbound = Inbound(record.key(), record.value(), record.topic(), record.partition(), record.offset())
        for outbound in self._twin.process(inbound, now_ms()):
            self._producer.produce(outbound.topic, outbound.payload, outbound.kafka_key)
        if self._twin.frozen is not was_frozen:
            _log.info("twin_frozen", model=self._twin.frozen and self._twin.frozen.model)

    def _commit(self) -> None:
        if left := self._producer.flush(_TIMEOUT_S):
            raise PartUnavailable(
                f"The broker did not acknowledge {left} of the twin's alerts.", "See `weir logs kafka`."
            )
        positions = [place for place in self._reader.position(self._reader.assignment()) if place.offset >= 0]
        if positions:
            self._reader.commit(offsets=positions, asynchronous=False)
        self._committed_s = time.monotonic()

    def _parts(self, topic: str) -> list[int]:
        return sorted(self._reader.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)


def _last_frozen(settings: Settings) -> TwinFrozen | None:
    """Return the record of an earlier run's freeze, so that a restart continues with the same model.

    A malformed one is skipped: it would end every later start too.
    """
    found = None
    for record in read_to_end(settings.bootstrap_servers, settings.topics.twin_alerts):
        if record.key() == FROZEN_KEY:
            try:
                found = decode_with(TWIN_FROZEN, record.value())
            except InvalidRecord as error:
                _log.warning("frozen_record_skipped", offset=record.offset(), field=error.field, reason=error.reason)
    return found


def run_twin(settings: Settings, stopping: Callable[[], bool]) -> None:
    """Score until `stopping()`.

    Raises:
        PartUnavailable: the broker does not answer.
        DeploymentError: `detector.twin_freezes_at_ms` is not set.
    """
    freeze_at_ms = settings.detector.twin_freezes_at_ms
    if freeze_at_ms is None:
        raise DeploymentError("The twin has no time to freeze at.", "Set WEIR_DETECTOR__TWIN_FREEZES_AT_MS.")
    warm(settings.cache_dir)
    try:
        create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
        process = TwinProcess(settings, freeze_at_ms)
        while not stopping():
            process.step()
        process.close()
    except KafkaException as error:
        raise PartUnavailable(f"The broker does not answer the twin: {error}.", "See `weir logs kafka`.") from error


if __name__ == "__main__":
    sys.exit(serve(lambda settings, stopping: run_twin(settings, stopping.is_set)))
