"""Records on their way into an operator and out of it."""

from enum import Enum
from typing import NamedTuple

from weir.messages import Position


class Inbound(NamedTuple):
    """A record as it stands in Kafka. `reply_to` names who waits for its score."""

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
    """A record to write. An example gets its key, the entry number, only as it is written."""

    topic: str
    kafka_key: bytes | None
    payload: bytes


class StateChange(Enum):
    """What happens to the state of a key when there are no new bytes for it."""

    UNCHANGED = "unchanged"
    CLEARED = "cleared"


class Processed(NamedTuple):
    """The result of processing a record or a timer.

    `state` are the key's new bytes or what else happens to its state, `timer_ms` the event time to be woken at,
    `dead` says that the record became a dead letter.
    """

    state: bytes | StateChange
    outbound: list[Outbound]
    timer_ms: int | None = None
    dead: bool = False
