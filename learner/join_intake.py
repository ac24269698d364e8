"""Decode scored transactions and labels, join them, and encode the results."""

import numpy as np

from learner.label_join import Joined, JoinState, LabelJoin, Unusable, decode_join_state, encode_join_state
from weir.dead_letters import cut, dead_letter
from weir.errors import DeploymentError, InvalidRecord
from weir.feature_schema import NAMES
from weir.messages import (
    LABEL,
    LAST_MS,
    MAX_RECORD_BYTES,
    SCORED,
    ScoredTransaction,
    decode_with,
    encode,
    require_size,
)
from weir.records import Inbound, Outbound, Processed, StateChange
from weir.settings import LearningSettings
from weir.times import SKEW_MS, require_time
from weir.topics import Topics
from weir.vectors import vector_of

_LARGEST_FEATURE = 1e12
"""The learner squares features, and the square of a huge one overflows. A round number far above any feature."""


class JoinIntake:
    """The label join over bytes: records and state in, records and state out."""

    def __init__(self, settings: LearningSettings, topics: Topics) -> None:
        self._join = LabelJoin(settings)
        self._labels, self._learning_log, self._dead_letters = topics.labels, topics.learning_log, topics.dead_letters

    def process(self, record: Inbound, key: str, state: bytes | None, now_ms: int) -> Processed:
        """Join one record. A record that cannot be used becomes a dead letter and leaves the state unchanged.

        Args:
            record: A scored transaction or a label.
            key: The key of the state; it must be the record's transaction id.
            state: The state's bytes, None for a new id.
            now_ms: The wall clock.
        """
        kept = decode_join_state(state)
        try:
            if record.topic == self._labels:
                require_size(record.payload)
                label = decode_with(LABEL, record.payload)
                _require_key(key, label.transaction_id)
                require_time("labelled_at_ms", label.labelled_at_ms, now_ms + SKEW_MS)
                joined = self._join.on_label(kept, label, source=record.position, payload=record.payload or b"")
            else:
                require_size(record.payload, 2 * MAX_RECORD_BYTES)  # a score carries its transaction
                scored = decode_with(SCORED, record.payload)
                _require_key(key, scored.transaction_id)
                _require_learnable(scored)
                joined = self._join.on_scored(kept, scored)
            return self._processed(kept, joined, now_ms)
        except (DeploymentError, MemoryError):
            raise  # no fault of the record: the next one would meet it, too
        except Exception as error:  # noqa: BLE001 -- no record stops the stream, whatever it meets
            return Processed(StateChange.UNCHANGED, [self._bury(record, error, now_ms)], dead=True)

    def wake(self, clock_ms: int, state: bytes | None, now_ms: int) -> Processed:
        """Handle a timer, maturity or the end of retention, at a time of the clock in the settings."""
        kept = decode_join_state(state)
        return self._processed(kept, self._join.on_timer(kept, clock_ms), now_ms)

    def _processed(self, kept: JoinState, joined: Joined, now_ms: int) -> Processed:
        examples = [Outbound(self._learning_log, None, encode(example)) for example in joined.examples]
        letters = [self._letter(unusable, now_ms) for unusable in joined.dead_letters]
        state = StateChange.CLEARED if kept.is_empty else encode_join_state(kept)
        return Processed(state, examples + letters, self._join.next_timer_ms(kept))

    def _letter(self, unusable: Unusable, now_ms: int) -> Outbound:
        at = unusable.source
        record = Inbound(None, unusable.payload, at.topic, at.partition, at.offset)
        return self._bury(record, InvalidRecord(unusable.field, unusable.reason), now_ms)

    def _bury(self, record: Inbound, error: Exception, now_ms: int) -> Outbound:
        letter = dead_letter(record, error, job="label-join", now_ms=now_ms)
        return Outbound(self._dead_letters, cut(record.kafka_key), encode(letter))


def _require_key(key: str, transaction_id: str) -> None:
    """Refuse a record that Flink keyed wrongly: a label under the empty key would never meet its transaction.

    Flink's JSON reader takes the key. It has lower limits for nesting and digits than Weir's.
    """
    if key != transaction_id:
        raise InvalidRecord("$", "is nested too deeply, or has too long a number, for Flink to find its transaction_id")


def _require_learnable(scored: ScoredTransaction) -> None:
    """Refuse a score that no detector writes: its example would end the learner, or its time the job's timers."""
    for field, time_ms in (("event_time_ms", scored.event_time_ms), ("scored_at_ms", scored.scored_at_ms)):
        if not 0 <= time_ms <= LAST_MS:
            raise InvalidRecord(field, "must lie between the years 1970 and 9999")
    if not 0 <= scored.score <= 1:
        raise InvalidRecord("score", "must be a probability, from 0 to 1")
    too_large = np.abs(vector_of(scored.features)) > _LARGEST_FEATURE
    if too_large.any():
        name = NAMES[int(too_large.argmax())]
        raise InvalidRecord(f"features.{name}", f"must lie between -{_LARGEST_FEATURE:g} and {_LARGEST_FEATURE:g}")
