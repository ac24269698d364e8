"""Records as both jobs' operators take them in and let them go."""

from typing import NamedTuple

from weir.messages import Position


class Record(NamedTuple):
    """A record as it stands in Kafka. `reply_to` names who waits for what comes of it."""

    kafka_key: bytes | None
    payload: bytes | None
    topic: str
    partition: int
    offset: int
    reply_to: bytes | None = None

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.topic, self.partition, self.offset)


class Outbound(NamedTuple):
    """A record to write: topic, key, payload. Examples get their key, the number, as they are written."""

    topic: str
    kafka_key: bytes | None
    payload: bytes
