"""What the learner and its readers rely on in Kafka itself: transactions over topics, fencing, large messages."""

import random

import pytest
from confluent_kafka import KafkaException

from tests.flink.jobs import read
from weir.kafka_clients import create_topics, producer
from weir.topics import Topics

KEY = b"champion"  # a compacted topic refuses records without one


@pytest.fixture
def topics(broker, request) -> Topics:
    topics = Topics(request.node.name.removeprefix("test_").replace("_", "-")[:40], partitions=1)
    create_topics(broker, topics.all())
    return topics


def transactional(broker, topics):
    out = producer(broker, transactional_id=topics.namespace)
    out.init_transactions()
    out.begin_transaction()
    return out


def values(broker, topic):
    return [record.value() for record in read(broker, topic, lambda found: len(found) >= 1, 20)]


def values_within_two_seconds(broker, topic):
    """For what must not be seen: nobody waits longer because the machine is slow."""
    return [record.value() for record in read(broker, topic, lambda found: len(found) >= 1, 2, patience=1)]


def test_snapshot_of_eight_megabytes_passes(broker, topics):
    model = random.Random(7).randbytes(8 * 1024 * 1024)
    out = producer(broker)
    out.produce(topics.snapshots, key=KEY, value=model)
    out.flush()
    assert values(broker, topics.snapshots) == [model]


def test_transaction_over_two_topics_is_seen_whole_or_not_at_all(broker, topics):
    out = transactional(broker, topics)
    for topic in (topics.control, topics.snapshots):
        out.produce(topic, key=KEY, value=b"publication 1")
    out.flush()
    before = [values_within_two_seconds(broker, topic) for topic in (topics.control, topics.snapshots)]
    out.commit_transaction()
    after = [values(broker, topic) for topic in (topics.control, topics.snapshots)]
    assert (before, after) == ([[], []], [[b"publication 1"], [b"publication 1"]])


def test_second_learner_fences_the_first(broker, topics):
    first = transactional(broker, topics)
    first.produce(topics.control, key=KEY, value=b"of the first")
    first.flush()
    second = transactional(broker, topics)
    with pytest.raises(KafkaException, match="fenced"):
        first.commit_transaction()
    second.produce(topics.control, key=KEY, value=b"of the second")
    second.commit_transaction()
    assert values(broker, topics.control) == [b"of the second"]


def test_readers_wait_at_an_open_transaction_although_others_commit_behind_it(broker, topics):
    open_one, other = transactional(broker, topics), producer(broker)
    open_one.produce(topics.control, key=KEY, value=b"open")
    open_one.flush()
    other.produce(topics.control, key=KEY, value=b"behind")
    other.flush()
    while_open = values_within_two_seconds(broker, topics.control)
    open_one.abort_transaction()
    assert (while_open, values(broker, topics.control)) == ([], [b"behind"])
