"""The baseline: a bare `confluent-kafka` loop that calls the same pure functions and keeps its state in a dictionary.

It has no durable state, no recovery and no parallelism, so it is the upper bound for this work in one Python process.
"""

import sys
import time

from msgspec import Struct

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from weir.clock import now_ms
from weir.compiled import warm
from weir.kafka_clients import consumer, producer
from weir.messages import decoder_of
from weir.records import Inbound
from weir.settings import Settings, load_settings


def main(idle_s: float) -> None:
    """Score transactions until none has arrived for `idle_s` seconds."""
    settings = load_settings()
    warm(settings.cache_dir)
    topics = settings.topics
    users: dict[str, bytes] = {}
    intake, knowledge = Intake(Detector(settings.detector), topics), Knowledge(settings.require_signing_key())
    _read_control(settings, knowledge)
    source = consumer(settings.bootstrap_servers, "bench-bare", fetch_min_bytes=1)
    sink = producer(
        settings.bootstrap_servers, enable_idempotence=False, acks=1, queue_buffering_max_messages=1_000_000
    )
    source.subscribe([topics.transactions])
    key_of, last = decoder_of(_Keyed), time.monotonic()
    while time.monotonic() - last < idle_s:
        for message in source.consume(500, timeout=0.005):
            last = time.monotonic()
            record = Inbound(message.key(), message.value(), message.topic(), message.partition(), message.offset())
            user = key_of.decode(message.value()).user_id
            processed = intake.process(record, user, users.get(user), knowledge, now_ms())
            if isinstance(processed.state, bytes):
                users[user] = processed.state
            for topic, key, payload in processed.outbound:
                sink.produce(topic, payload, key)
        sink.poll(0)
    sink.flush()


def _read_control(settings: Settings, knowledge: Knowledge) -> None:
    reader = consumer(settings.bootstrap_servers, "bench-bare-control")
    reader.subscribe([settings.topics.control])
    while knowledge.champion is None:
        for message in reader.consume(10, timeout=0.5):
            knowledge.apply(message.value())
    reader.close()


class _Keyed(Struct):
    """The key, which in the job the JVM extracts from the payload."""

    user_id: str


if __name__ == "__main__":
    main(float(sys.argv[1]))
