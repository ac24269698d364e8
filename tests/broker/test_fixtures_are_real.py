import httpx
from confluent_kafka import Producer

from tests.waiting import eventually
from weir.kafka_clients import consumer, create_topics
from weir.topics import Topics


def test_broker_keeps_what_is_produced(broker):
    topics = Topics("fixtures", 2)
    create_topics(broker, topics.all())
    producer = Producer({"bootstrap.servers": broker})
    producer.produce(topics.transactions, b"{}", key=b"u1")
    assert producer.flush(10) == 0
    reader = consumer(broker, "fixtures")
    reader.subscribe([topics.transactions])
    record = eventually(lambda: reader.poll(0.5))
    reader.close()
    assert (record.key(), record.value()) == (b"u1", b"{}")


def test_cluster_has_a_slot_per_taskmanager(flink_cluster):
    overview = httpx.get(f"{flink_cluster.rest}/overview", timeout=5).json()
    assert (overview["taskmanagers"], overview["slots-available"]) == (3, 3)
