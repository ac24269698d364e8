"""Facts: the decoded records that the console applies."""

from collections.abc import Callable
from typing import NamedTuple

from feedback_api.replies import PaymentKey, key_of
from weir.messages import (
    CONTROL,
    COUNTS,
    EXAMPLE,
    SCORED,
    TWIN_FROZEN,
    Counts,
    EntryNumber,
    Example,
    Publication,
    ScoredTransaction,
    TreesPublication,
    TwinFrozen,
    decode_with,
)
from weir.topics import COUNTS_KEY, FROZEN_KEY, Topics


class Alerted(NamedTuple):
    scored: ScoredTransaction


class Learned(NamedTuple):
    """Entry `n` of the learning log, written at `at_ms` of wall time."""

    epoch: int
    n: int
    example: Example
    at_ms: int


class TwinAlerted(NamedTuple):
    """The frozen twin would have raised an alert."""

    payment: PaymentKey


class Reachable(NamedTuple):
    """Whether Kafka answers the reader. `away_since_ms` (wall time) is None if it does."""

    away_since_ms: int | None


Fact = Reachable | Alerted | Learned | Publication | TreesPublication | Counts | TwinFrozen | TwinAlerted


def fact_of(topics: Topics, topic: str, key: bytes | None, value: bytes | None, at_ms: int) -> Fact | None:
    """Decode a record, or return None if the console does not need it.

    Raises:
        InvalidRecord: the record does not fit its topic.
    """
    if value is None:
        return None
    decode: dict[str, Callable[[bytes | None, bytes, int], Fact | None]] = {
        topics.alerts: _alerted,
        topics.learning_log: _learned,
        topics.control: _published,
        topics.ledger: _counted,
    }
    return decode.get(topic, _of_the_twin)(key, value, at_ms)


def _alerted(_key: bytes | None, value: bytes, _at_ms: int) -> Alerted:
    return Alerted(decode_with(SCORED, value))


def _learned(key: bytes | None, value: bytes, at_ms: int) -> Learned:
    number = EntryNumber.parse(key)
    return Learned(number.epoch, number.n, decode_with(EXAMPLE, value), at_ms)


def _published(_key: bytes | None, value: bytes, _at_ms: int) -> Publication | TreesPublication | None:
    control = decode_with(CONTROL, value)
    return control if isinstance(control, Publication | TreesPublication) else None


def _counted(key: bytes | None, value: bytes, _at_ms: int) -> Counts | None:
    return decode_with(COUNTS, value) if key == COUNTS_KEY else None


def _of_the_twin(key: bytes | None, value: bytes, _at_ms: int) -> TwinFrozen | TwinAlerted:
    return decode_with(TWIN_FROZEN, value) if key == FROZEN_KEY else TwinAlerted(key_of(decode_with(SCORED, value)))
