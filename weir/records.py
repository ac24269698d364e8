"""Records that an operator reads and writes."""

from enum import Enum
from typing import NamedTuple

from weir.messages import Position


class Inbound(NamedTuple):
    """A record in Kafka. `reply_to` names the client that waits for its score."""

    kafka_key: bytes | None
    payload: bytes | None
    topic: str
    partition: int
    offset: int
    reply_to: bytes | None = None

    @property
    def position(self) -> Position:
        return Position(self.topic, self.partition, self.offset)


class Outbound(NamedTuple):
    """A record to write. An example has no key yet: the entry number is added as it is written (docs/adr/0005)."""

    topic: str
    kafka_key: bytes | None
    payload: bytes


class StateChange(Enum):
    """What happens to a key's state if it gets no new bytes."""

    UNCHANGED = "unchanged"
    CLEARED = "cleared"


class Processed(NamedTuple):
    """The result of processing a record or a timer.

    `state` is the key's new state, `timer_ms` the event time of a timer to set; `dead` is True for a dead letter.
    """

    state: bytes | StateChange
    outbound: list[Outbound]
    timer_ms: int | None = None
    dead: bool = False
