"""The frozen twin: the same detector on the same stream, which stops learning at one moment of event time.

                      freeze_at_ms
    follows control ........|  ignores publications and reputations; writes its alerts
    keeps users' state as the detector does, from the beginning of the stream

The scoring code itself, not an estimate, thus answers "what would we have caught without learning?". Users' state is in
memory: the twin is a measuring instrument for a demo or an audit, not a second production path.
"""

from collections.abc import Iterator

from msgspec import Struct

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from weir.errors import InvalidRecord
from weir.messages import EventTime, TwinFrozen, decode_with, decoder_of, encode, milliseconds
from weir.records import Inbound, Outbound
from weir.settings import DetectorSettings
from weir.topics import FROZEN_KEY, Topics


class _Timed(Struct):
    """The key and the time of a transaction or a user event."""

    user_id: str
    event_time: EventTime


_TIMED = decoder_of(_Timed)


class Twin:
    """One twin. With `frozen`, the record of an earlier run, it continues frozen and ignores control records."""

    def __init__(
        self,
        settings: DetectorSettings,
        topics: Topics,
        signing_key: bytes,
        freeze_at_ms: int,
        frozen: TwinFrozen | None = None,
    ) -> None:
        self._topics, self._freeze_at_ms = topics, freeze_at_ms
        self._intake = Intake(Detector(settings), topics)
        self._knowledge = Knowledge(signing_key)
        self._known: dict[str, bytes] = {}
        self._users: dict[str, bytes] = {}
        self.frozen = frozen
        if frozen is not None:
            self._freeze_at_ms = frozen.event_time_ms
            self._knowledge.restore(frozen.control)

    def learn(self, payload: bytes | None, kafka_key: bytes | None = None) -> None:
        """Apply a control record, until frozen. A record that the detector would refuse changes nothing."""
        if self.frozen is not None:
            return
        try:
            key, _ = self._knowledge.apply(payload, kafka_key)
        except InvalidRecord:
            return
        if payload is None:
            self._known.pop(key, None)
        else:
            self._known[key] = payload

    def process(self, record: Inbound, now_ms: int) -> list[Outbound]:
        """Score a transaction or observe a user event; return the records for the twin's topic."""
        try:
            timed = decode_with(_TIMED, record.payload)
        except InvalidRecord:
            return []
        time_ms = milliseconds(timed.event_time)
        return [*self._freeze(record, time_ms, now_ms), *self._score(record, timed.user_id, time_ms, now_ms)]

    def _freeze(self, record: Inbound, time_ms: int, now_ms: int) -> Iterator[Outbound]:
        if self.frozen is None and record.topic == self._topics.transactions and time_ms >= self._freeze_at_ms:
            champion = self._knowledge.champion
            self.frozen = TwinFrozen(
                event_time_ms=self._freeze_at_ms,
                frozen_at_ms=now_ms,
                model=None if champion is None else champion.ref,
                control=list(self._known.values()),
            )
            yield Outbound(self._topics.twin_alerts, FROZEN_KEY, encode(self.frozen))

    def _score(self, record: Inbound, user_id: str, time_ms: int, now_ms: int) -> Iterator[Outbound]:
        processed = self._intake.process(record, user_id, self._users.get(user_id), self._knowledge, now_ms)
        if isinstance(processed.state, bytes):
            self._users[user_id] = processed.state
        if self.frozen is None or time_ms < self._freeze_at_ms:
            return
        for outbound in processed.outbound:
            if outbound.topic == self._topics.alerts:
                yield outbound._replace(topic=self._topics.twin_alerts)
