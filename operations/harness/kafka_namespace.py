"""Check for the topics of a namespace, and delete them."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from weir.errors import PartUnavailable
from weir.settings import Settings

_TIMEOUT_S = 10.0
"""Ends the wait for a broker that does not answer. A round number; not measured."""


def has_topics(settings: Settings) -> bool:
    """Whether any topic of the namespace exists.

    Raises:
        PartUnavailable: the broker does not answer.
    """
    return bool(_existing(settings))


def delete_topics(settings: Settings) -> None:
    """Delete every topic of the namespace and its records.

    Raises:
        PartUnavailable: the broker does not answer or does not delete them in time.
    """
    admin = _admin(settings)
    try:
        if names := _existing(settings):
            for future in admin.delete_topics(names, operation_timeout=_TIMEOUT_S).values():
                future.result(_TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        raise PartUnavailable(f"The topics could not be deleted: {error}.", "See `weir logs kafka`.") from error


def _existing(settings: Settings) -> list[str]:
    try:
        there = _admin(settings).list_topics(timeout=_TIMEOUT_S).topics
    except KafkaException as error:
        where = settings.bootstrap_servers
        raise PartUnavailable(f"Kafka at {where} does not answer.", "Run `weir up` first.") from error
    return [topic.name for topic in settings.topics.all() if topic.name in there]


def _admin(settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.bootstrap_servers, "log_level": 0})
