"""The label join's Flink operator: it connects `JoinIntake` to keyed state, timers and output."""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from learner.join_intake import JoinIntake
from weir.clock import now_ms
from weir.flink_environment import STATE_BYTES, require_thread_mode
from weir.records import Inbound, Processed, StateChange
from weir.settings import LearningSettings
from weir.topics import Topics

JOIN_STATE = ValueStateDescriptor("join", STATE_BYTES)


class JoinLabels(KeyedProcessFunction):
    """The label join, keyed by transaction id.

    On the wall clock its timers are in processing time. One in event time, from a savepoint of a deployment on the
    stream's clock, then only asks what is due.
    """

    def __init__(self, settings: LearningSettings, topics: Topics) -> None:
        self._settings, self._topics = settings, topics
        self._on_the_wall = settings.clock == "wall"

    def open(self, runtime_context: RuntimeContext) -> None:
        require_thread_mode()
        self._state = runtime_context.get_state(JOIN_STATE)
        self._intake = JoinIntake(self._settings, self._topics)
        self._left = runtime_context.get_metrics_group().counter("records_joined")

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        key, state = ctx.get_current_key(), self._state.value()
        yield from self._leave(self._intake.process(Inbound(*record), key, state, now_ms()), ctx)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Row]:
        now = now_ms()
        clock_ms = now if self._on_the_wall else timestamp
        yield from self._leave(self._intake.wake(clock_ms, self._state.value(), now), ctx)

    def _leave(self, processed: Processed, ctx: Any) -> Iterator[Row]:
        if processed.state is StateChange.CLEARED:
            self._state.clear()
        elif processed.state is not StateChange.UNCHANGED:
            self._state.update(processed.state)
        if processed.timer_ms is not None:
            timers = ctx.timer_service()
            register = timers.register_processing_time_timer if self._on_the_wall else timers.register_event_time_timer
            register(processed.timer_ms)
        self._left.inc(len(processed.outbound))
        for outbound in processed.outbound:
            yield Row(*outbound)
