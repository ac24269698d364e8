"""From the bytes of a scored transaction or a label to what the label join brings out for it."""

from learner.label_join import Joined, JoinState, LabelJoin, Unusable, decode_join_state, encode_join_state
from weir.dead_letters import cut, dead_letter
from weir.errors import InvalidRecord
from weir.messages import LABEL, MAX_RECORD_BYTES, SCORED, decode_with, encode, require_size
from weir.records import Inbound, Outbound, Processed, StateChange
from weir.settings import LearningSettings
from weir.topics import Topics


class JoinIntake:
    """Takes scored transactions, labels and timers of one namespace."""

    def __init__(self, settings: LearningSettings, topics: Topics) -> None:
        self._join = LabelJoin(settings)
        self._labels, self._learning_log, self._dead_letters = topics.labels, topics.learning_log, topics.dead_letters

    def process(self, record: Inbound, key: str, state: bytes | None, now_ms: int) -> Processed:
        """Join one record; what cannot be read becomes a dead letter and leaves the state alone.

        Args:
            record: The record.
            key: The key under which the state is kept; it has to be the transaction's.
            state: The state's bytes, None for an id that is new.
            now_ms: The wall clock.
        """
        kept = decode_join_state(state)
        try:
            if record.topic == self._labels:
                require_size(record.payload)
                label = decode_with(LABEL, record.payload)
                _require_key(key, label.transaction_id)
                joined = self._join.on_label(kept, label, source=record.position, payload=record.payload or b"")
            else:
                require_size(record.payload, 2 * MAX_RECORD_BYTES)  # a score carries its transaction
                scored = decode_with(SCORED, record.payload)
                _require_key(key, scored.transaction_id)
                joined = self._join.on_scored(kept, scored)
        except InvalidRecord as error:
            return Processed(StateChange.UNCHANGED, [self._bury(record, error, now_ms)], dead=True)
        return self._processed(kept, joined, now_ms)

    def wake(self, timestamp_ms: int, state: bytes | None, now_ms: int) -> Processed:
        """An event-time timer fired: maturity or the end of retention."""
        kept = decode_join_state(state)
        return self._processed(kept, self._join.on_timer(kept, timestamp_ms), now_ms)

    def _processed(self, kept: JoinState, joined: Joined, now_ms: int) -> Processed:
        examples = [Outbound(self._learning_log, None, encode(example)) for example in joined.examples]
        letters = [self._letter(unusable, now_ms) for unusable in joined.dead_letters]
        state = StateChange.CLEARED if kept.is_empty else encode_join_state(kept)
        return Processed(state, examples + letters, self._join.next_timer_ms(kept))

    def _letter(self, unusable: Unusable, now_ms: int) -> Outbound:
        at = unusable.source
        record = Inbound(None, unusable.payload, at.topic, at.partition, at.offset)
        return self._bury(record, InvalidRecord(unusable.field, unusable.reason), now_ms)

    def _bury(self, record: Inbound, error: InvalidRecord, now_ms: int) -> Outbound:
        letter = dead_letter(record, error, stage="label-join", now_ms=now_ms)
        return Outbound(self._dead_letters, cut(record.kafka_key), encode(letter))


def _require_key(key: str, transaction_id: str) -> None:
    """Flink's JSON reader gives up earlier than ours (depth, digits); a label under its empty key would wait in vain."""
    if key != transaction_id:
        raise InvalidRecord("$", "nested too deeply or a number too long to find its transaction_id")
