"""The label join's operator: state in, `LabelIntake`, state, timer and records out."""

import time
from collections.abc import Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from learner.label_intake import LabelIntake, Taken
from weir.flink_environment import STATE_BYTES, require_thread_mode
from weir.records import Record
from weir.settings import LearningSettings
from weir.topics import Topics

JOIN_STATE = ValueStateDescriptor("join", STATE_BYTES)


class JoinLabels(KeyedProcessFunction):
    """Keyed by transaction id; timers are event time."""

    def __init__(self, settings: LearningSettings, topics: Topics) -> None:
        self._settings, self._topics = settings, topics

    def open(self, runtime_context: RuntimeContext) -> None:
        require_thread_mode()
        self._state = runtime_context.get_state(JOIN_STATE)
        self._intake = LabelIntake(self._settings, self._topics)
        self._left = runtime_context.get_metrics_group().counter("records_joined")

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        key, state = ctx.get_current_key(), self._state.value()
        yield from self._leave(self._intake.take(Record(*record), key, state, _now_ms()), ctx)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Row]:
        yield from self._leave(self._intake.wake(timestamp, self._state.value(), _now_ms()), ctx)

    def _leave(self, taken: Taken, ctx: Any) -> Iterator[Row]:
        if taken.state is None:
            self._state.clear()
        else:
            self._state.update(taken.state)
        if taken.timer_ms is not None:
            ctx.timer_service().register_event_time_timer(taken.timer_ms)
        self._left.inc(len(taken.outbound))
        for outbound in taken.outbound:
            yield Row(*outbound)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
