"""A learner's process on a real broker, what it reads, and what it writes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from confluent_kafka import TopicPartition

from tests.learning_stream import numbered
from weir.kafka_clients import consumer, create_topics, producer
from weir.messages import CONTROL, Control, Example, Publication, encode
from weir.settings import KafkaSettings, Settings

KEY = "the key of these tests"


def a_namespace(broker: str) -> Settings:
    """Create the topics of a new namespace."""
    found = Settings(
        namespace=f"learner-{uuid4().hex[:8]}",
        kafka=KafkaSettings(bootstrap_servers=broker, partitions=1),
        signing_key=KEY,
    )
    create_topics(broker, found.topics.all())
    return found


@contextmanager
def a_learner(settings: Settings) -> Iterator[subprocess.Popen]:
    env = os.environ | {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "WEIR_KAFKA__PARTITIONS": "1",
        "WEIR_SIGNING_KEY": KEY,
        "WEIR_LEARNING__PUBLISH_EVERY_MS": "100",
    }
    process = subprocess.Popen([sys.executable, "-m", "learner"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def send_entries(settings: Settings, stream: list[Example], start: int, stop: int) -> None:
    """Send entries start..stop (excluded) of a stream; numbers begin at 1."""
    writer = producer(settings.bootstrap_servers)
    for n, example in numbered(stream[start - 1 : stop - 1], start):
        writer.produce(settings.topics.learning_log, encode(example), f"1:{n}")
    assert writer.flush(30) == 0


def control(settings: Settings) -> list[Control]:
    """Return what is committed on control, all of it."""
    reader = consumer(settings.bootstrap_servers, "test-control", enable_partition_eof=True)
    reader.assign([TopicPartition(settings.topics.control, 0, 0)])
    found = []
    while (record := reader.poll(10)) is not None and record.error() is None:
        if record.value() is not None:  # a withdrawn reputation
            found.append(CONTROL.decode(record.value()))
    reader.close()
    return found


def publications(settings: Settings) -> list[Publication]:
    return [record for record in control(settings) if isinstance(record, Publication)]


def last_n(settings: Settings) -> int:
    return max((publication.n for publication in publications(settings)), default=0)
