"""Queries to the broker: whether it answers, its topics, their ends, and the lag of consumer groups."""

from collections.abc import Iterable

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from weir.errors import PartUnavailable
from weir.kafka_clients import consumer
from weir.topics import Topic

_ASK_S = 5.0
"""Ends a request to a broker that does not answer. A round number; not measured."""


def topic_names(bootstrap_servers: str, timeout_s: float = 2.0) -> set[str]:
    """The names of all topics.

    Raises:
        PartUnavailable: the broker does not answer in time.
    """
    try:
        return set(_admin(bootstrap_servers).list_topics(timeout=timeout_s).topics)
    except KafkaException as error:
        raise PartUnavailable(f"Kafka at {bootstrap_servers} does not answer.", "See `weir logs kafka`.") from error


def missing_topics(bootstrap_servers: str, topics: Iterable[Topic]) -> list[str]:
    """The names of the topics that do not exist yet."""
    there = topic_names(bootstrap_servers)
    return [topic.name for topic in topics if topic.name not in there]


def end_offsets(bootstrap_servers: str, topics: Iterable[Topic]) -> dict[TopicPartition, int]:
    """The end offset of every partition of the topics.

    Raises:
        PartUnavailable: the broker does not answer in time, or does not know a topic.
    """
    asked = {
        TopicPartition(topic.name, number): OffsetSpec.latest()
        for topic in topics
        for number in range(topic.partitions)
    }
    admin = _admin(bootstrap_servers)  # its futures never complete after it is garbage-collected
    try:
        futures = admin.list_offsets(asked, request_timeout=_ASK_S)
        return {partition: future.result(_ASK_S).offset for partition, future in futures.items()}
    except (KafkaException, TimeoutError) as error:
        problem = f"Kafka at {bootstrap_servers} does not answer: {str(error) or 'timed out'}."
        raise PartUnavailable(problem, "See `weir logs kafka`.") from error


def lag(bootstrap_servers: str, group: str, topics: Iterable[Topic]) -> dict[str, int]:
    """By topic, how many records a group has yet to commit. Topics without a commit of the group are left out.

    Raises:
        PartUnavailable: the broker does not answer in time.
    """
    topics = list(topics)
    ends = {(end.topic, end.partition): offset for end, offset in end_offsets(bootstrap_servers, topics).items()}
    behind: dict[str, int] = {}
    for (topic, partition), offset in committed(bootstrap_servers, group, topics).items():
        if (topic, partition) in ends:
            behind[topic] = behind.get(topic, 0) + max(0, ends[topic, partition] - offset)
    return behind


def committed(bootstrap_servers: str, group: str, topics: Iterable[Topic]) -> dict[tuple[str, int], int]:
    """The next offset of a group by topic and partition. Partitions without a commit are left out.

    A consumer asks, which does not join the group: the admin client crashes the process while the group's coordinator
    is loading (docs/platform-notes.md#admin-client).

    Raises:
        PartUnavailable: the broker does not answer in time.
    """
    places = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
    reader = consumer(bootstrap_servers, group)
    try:
        found = reader.committed(places, timeout=_ASK_S)
    except KafkaException as error:
        raise PartUnavailable(f"Kafka at {bootstrap_servers} does not answer.", "See `weir logs kafka`.") from error
    finally:
        reader.close()
    return {(done.topic, done.partition): done.offset for done in found if done.offset >= 0}


def _admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0, "socket.timeout.ms": 5000})
