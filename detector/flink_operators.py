"""The detector's operator: it moves state and records between Flink and `Intake.process`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from weir.clock import now_ms
from weir.compiled import warm
from weir.dead_letters import cut, dead_letter
from weir.flink_environment import STATE_BYTES, require_thread_mode
from weir.messages import encode
from weir.records import Inbound, Outbound, StateChange
from weir.settings import DetectorSettings
from weir.topics import Topics

USER_STATE = ValueStateDescriptor("user", STATE_BYTES)
CONTROL_STATE = MapStateDescriptor("control", Types.STRING(), STATE_BYTES)


class Score(KeyedBroadcastProcessFunction):
    """Scores records keyed by user; broadcast state holds the control records. `cache_dir` has the compiled functions."""

    def __init__(self, settings: DetectorSettings, topics: Topics, signing_key: bytes, cache_dir: Path) -> None:
        self._settings, self._topics, self._signing_key, self._cache_dir = settings, topics, signing_key, cache_dir

    def open(self, runtime_context: RuntimeContext) -> None:
        require_thread_mode()
        warm(self._cache_dir)
        self._user = runtime_context.get_state(USER_STATE)
        self._intake = Intake(Detector(self._settings), self._topics)
        self._knowledge = Knowledge(self._signing_key)
        self._measure(runtime_context)
        self._restored = False

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        if not self._restored:
            self._restore(ctx)
        key, user = ctx.get_current_key(), self._user.value()
        processed = self._intake.process(Inbound(*record), key, user, self._knowledge, now_ms())
        if processed.state is not StateChange.UNCHANGED:
            self._user.update(processed.state)
        self._records.inc()
        if processed.dead:
            self._dead.inc()
        yield from map(_row, processed.outbound)

    def process_broadcast_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        if not self._restored:
            self._restore(ctx)
        control = Inbound(*record)
        try:
            kept = self._knowledge.apply(control.payload, control.kafka_key)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- no record stops the stream, whatever it meets
            letter = encode(dead_letter(control, error, job="detector", now_ms=now_ms()))
            yield _row(Outbound(self._topics.dead_letters, cut(control.kafka_key), letter))
        else:
            state = ctx.get_broadcast_state(CONTROL_STATE)
            if kept.payload is None:
                state.remove(kept.key)
            else:
                state.put(kept.key, kept.payload)
            self._report_model()

    def _restore(self, ctx: Any) -> None:
        """Compile the records in broadcast state, which `open` cannot read."""
        self._knowledge.restore(payload for _, payload in ctx.get_broadcast_state(CONTROL_STATE).items())
        self._restored = True
        self._report_model()

    def _report_model(self) -> None:
        champion = self._knowledge.champion
        if champion is not None:
            self._publication.update(champion.ref.publication)
            self._sequence.update(champion.ref.n)
            self._trees_sequence.update(champion.ref.trees_n or 0)

    def _measure(self, runtime_context: RuntimeContext) -> None:
        metrics = runtime_context.get_metrics_group()
        self._records = metrics.counter("records_taken")
        self._dead = metrics.counter("records_dead_lettered")
        # Not gauges: Flink's metrics thread would call into Python, which crashes the JVM once the operator is closed.
        self._publication = metrics.distribution("model_publication")
        self._sequence = metrics.distribution("model_sequence")
        self._trees_sequence = metrics.distribution("trees_sequence")


def _row(outbound: Outbound) -> Row:
    return Row(*outbound)
