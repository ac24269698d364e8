"""Kafka clients with Weir's configuration."""

from collections.abc import Iterable, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from weir.errors import PartUnavailable
from weir.topics import LARGE_MESSAGE_BYTES, Topic

_TIMEOUT_S = 30.0
"""How long a broker may stay silent before that is an error. A round number; not measured."""

_EXISTS = 36
"""Kafka's error code TOPIC_ALREADY_EXISTS."""

END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 -- this is librdkafka's public name


def producer(bootstrap_servers: str, **config: Any) -> Producer:
    """Create an idempotent producer that waits for all in-sync replicas."""
    return Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": 2,  # docs/platform-notes.md#latency
            "compression.type": "lz4",
            "message.max.bytes": LARGE_MESSAGE_BYTES,
            **{name.replace("_", "."): value for name, value in config.items()},
        }
    )


def fencing_producer(bootstrap_servers: str, transactional_id: str, timeout_s: float = _TIMEOUT_S) -> Producer:
    """Create a transactional producer. It fences an older one with the same id and aborts its open transaction.

    Raises:
        PartUnavailable: the broker does not accept the producer in time.
    """
    writer = producer(bootstrap_servers, transactional_id=transactional_id)
    try:
        writer.init_transactions(timeout_s)
    except KafkaException as error:
        raise PartUnavailable(
            f"The broker did not accept the producer {transactional_id}: {error}.", "Run `weir logs kafka`."
        ) from error
    return writer


def consumer(bootstrap_servers: str, group: str, **config: Any) -> Consumer:
    """Create a read-committed consumer that commits no offsets by itself."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.message.max.bytes": LARGE_MESSAGE_BYTES,
            **{name.replace("_", "."): value for name, value in config.items()},
        }
    )


def create_topics(
    bootstrap_servers: str, topics: Iterable[Topic], replication: int = 1, timeout_s: float = _TIMEOUT_S
) -> None:
    """Create missing topics. An existing topic stays as it is, even if its configuration differs.

    Raises:
        PartUnavailable: the broker does not answer or refuses.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 3})
    new = [NewTopic(topic.name, topic.partitions, replication, config=topic.config) for topic in topics]
    for name, future in admin.create_topics(new, request_timeout=timeout_s).items():
        try:
            future.result(timeout_s)
        except KafkaException as error:
            if error.args[0].code() != _EXISTS:
                raise PartUnavailable(f"Topic {name} was not created: {error}.", "Run `weir logs kafka`.") from error


def read_to_end(
    bootstrap_servers: str, topic: str, offset: int = 0, timeout_s: float = _TIMEOUT_S
) -> Iterator[Message]:
    """Yield the committed records of a one-partition topic from an offset to its present end.

    Raises:
        PartUnavailable: the broker was silent for `timeout_s`.
    """
    reader = consumer(bootstrap_servers, "weir-read-to-end", enable_partition_eof=True)
    reader.assign([TopicPartition(topic, 0, offset)])
    try:
        while (record := reader.poll(timeout_s)) is not None:
            if record.error() is None:
                yield record
            elif record.error().code() == END_OF_PARTITION:
                return
        raise PartUnavailable(
            f"{topic} was not read to its end: the broker was silent for {timeout_s:.0f} s.", "Run `weir logs kafka`."
        )
    finally:
        reader.close()


def read_last(bootstrap_servers: str, topic: str, timeout_s: float = 10) -> bytes | None:
    """Return the value of the last committed record of a one-partition topic, None if there is none.

    The last offsets may be transaction markers or aborted records, so it steps back until it finds a record.
    """
    reader = consumer(bootstrap_servers, "weir-read-last")
    try:
        low, high = reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=timeout_s)
        for start in range(high - 1, low - 1, -8):
            first = max(low, start - 7)
            reader.assign([TopicPartition(topic, 0, first)])
            records = [record for record in reader.consume(16, timeout=1.0) if record.error() is None]
            if records:
                last: bytes | None = records[-1].value()
                return last
    finally:
        reader.close()
    return None
