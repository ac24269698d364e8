"""Process one record: bytes in, outbound records and the user's new state out."""

from detector.doubled_names import with_doubled
from detector.knowledge import Knowledge
from detector.scoring import Arrival, Detector
from weir.dead_letters import cut, dead_letter
from weir.errors import DeploymentError, InvalidRecord
from weir.messages import LONGEST_ID, USER_EVENT, decode_with, encode, require_size
from weir.payments import read_payment
from weir.records import Inbound, Outbound, Processed, StateChange
from weir.topics import Topics


class Intake:
    """Processes the transactions and user events of one namespace."""

    def __init__(self, detector: Detector, topics: Topics) -> None:
        self._detector = detector
        self._transactions, self._scored, self._alerts = topics.transactions, topics.scored, topics.alerts
        self._replies, self._dead_letters = topics.replies, topics.dead_letters

    def process(self, record: Inbound, key: str, user: bytes | None, knowledge: Knowledge, now_ms: int) -> Processed:
        """Score a transaction or observe a user event; a record that is invalid, or that this fails at, becomes a dead letter.

        Args:
            record: A transaction or a user event.
            key: The key of the state, which must be the user's id.
            user: The encoded state; None for a new user.
            knowledge: The model and the reputation in force.
            now_ms: The wall clock.
        """
        try:
            require_size(record.payload)
            if record.topic == self._transactions:
                return self._score(record, key, user, knowledge, now_ms)
            return self._observe(record, key, user, now_ms)
        except (DeploymentError, MemoryError):
            raise  # no fault of the record: the next one would meet it, too
        except Exception as error:  # noqa: BLE001 -- no record stops the stream, whatever it meets
            return self._bury(record, error, now_ms)

    def _score(self, record: Inbound, key: str, user: bytes | None, knowledge: Knowledge, now_ms: int) -> Processed:
        payload = record.payload or b""
        transaction, flags = read_payment(payload)
        _require_key(key, transaction.user_id)
        arrival = Arrival(transaction, payload, record.position, now_ms, with_doubled(flags, payload))
        scored, state = self._detector.score(user, arrival, knowledge)
        score, transaction_id = encode(scored), transaction.transaction_id.encode()
        leaving = [Outbound(self._scored, transaction_id, score)]
        if scored.is_alert:
            leaving.append(Outbound(self._alerts, transaction_id, score))
        return Processed(state, self._with_reply(leaving, record, score))

    def _observe(self, record: Inbound, key: str, user: bytes | None, now_ms: int) -> Processed:
        event = decode_with(USER_EVENT, record.payload)
        _require_key(key, event.user_id)
        return Processed(self._detector.observe(user, event, now_ms=now_ms), [])

    def _bury(self, record: Inbound, error: Exception, now_ms: int) -> Processed:
        payload = encode(dead_letter(record, error, job="detector", now_ms=now_ms))
        leaving = [Outbound(self._dead_letters, cut(record.kafka_key), payload)]
        return Processed(StateChange.UNCHANGED, self._with_reply(leaving, record, payload), dead=True)

    def _with_reply(self, leaving: list[Outbound], record: Inbound, payload: bytes) -> list[Outbound]:
        """Reply only to an id of legal length; a longer header names nobody and would not fit as a key."""
        if record.reply_to is not None and len(record.reply_to) <= LONGEST_ID:
            leaving.append(Outbound(self._replies, record.reply_to, payload))
        return leaving


def _require_key(key: str, user_id: str) -> None:
    """Refuse a record whose user id Flink's JSON reader did not find.

    It gives up earlier than msgspec (depth, digits) and keys by the empty string, where users' states would mix.
    """
    if key != user_id:
        raise InvalidRecord("$", "is nested too deeply or has too long a number for Flink to find its user_id")
