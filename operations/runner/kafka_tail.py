"""Search a one-partition topic from its end."""

from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from weir.errors import PartUnavailable
from weir.kafka_clients import consumer

Found = TypeVar("Found")
_WINDOW = 256
"""Offsets per read. Callers look for records near the end, so few reads suffice. A round number; not measured."""


def last_that(bootstrap_servers: str, topic: str, found: Callable[[Message], Found | None]) -> Found | None:
    """The result of `found` for the last committed record for which it is not None, or None if there is none.

    `found` sees the records of one window in order, and the last window first.

    Raises:
        PartUnavailable: the broker does not answer in time, or does not know the topic.
    """
    reader = consumer(bootstrap_servers, "weir-status", enable_partition_eof=True)
    try:
        low, high = reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=5)
        for end in range(high, low, -_WINDOW):
            reader.assign([TopicPartition(topic, 0, max(low, end - _WINDOW))])
            hits = [hit for record in _until(reader, end) if (hit := found(record)) is not None]
            if hits:
                return hits[-1]
    except KafkaException as error:
        raise PartUnavailable(f"Kafka's topic {topic} cannot be read: {error}.", "See `weir logs kafka`.") from error
    finally:
        reader.close()
    return None


def _until(reader: Consumer, end: int) -> list[Message]:
    """The records before offset `end`. Markers of transactions take offsets, so the partition's end stops the read too."""
    records: list[Message] = []
    while (record := reader.poll(5.0)) is not None and record.error() is None:
        records.append(record)
        if record.offset() >= end - 1:
            break
    return [record for record in records if record.offset() < end]
