"""Read one record by its position, and write one."""

from confluent_kafka import KafkaException, TopicPartition

from weir.errors import PartUnavailable
from weir.kafka_clients import END_OF_PARTITION, consumer, producer
from weir.messages import Position
from weir.records import Inbound

_ANSWER_S = 10.0
"""Ends the wait for a broker that does not answer. A round number; not measured."""


def record_at(bootstrap_servers: str, position: Position) -> Inbound | None:
    """Return the committed record at a position, None if there is none: other offsets are markers, aborted or deleted.

    Raises:
        PartUnavailable: the broker does not answer in time, or does not know the partition.
    """
    reader = consumer(bootstrap_servers, "weir-record-at", enable_partition_eof=True, auto_offset_reset="latest")
    try:
        reader.assign([TopicPartition(position.topic, position.partition, position.offset)])
        record = reader.poll(_ANSWER_S)
    except KafkaException as error:
        raise PartUnavailable(f"{position.topic} cannot be read: {error}.", "See `weir logs kafka`.") from error
    finally:
        reader.close()
    if record is None or record.error() is not None:
        if record is not None and record.error().code() == END_OF_PARTITION:
            return None
        cause = "no answer" if record is None else record.error()
        raise PartUnavailable(f"{position.topic} cannot be read: {cause}.", "See `weir logs kafka`.")
    if record.offset() != position.offset:
        return None
    return Inbound(record.key(), record.value(), position.topic, position.partition, position.offset)


def write_record(bootstrap_servers: str, topic: str, key: bytes | None, payload: bytes) -> None:
    """Write one record and wait until the broker has it.

    Raises:
        PartUnavailable: the broker does not confirm it in time.
    """
    writer = producer(bootstrap_servers)
    writer.produce(topic, payload, key)
    if writer.flush(_ANSWER_S):
        raise PartUnavailable(f"{topic} did not accept the record.", "See `weir logs kafka`.")
