"""A job with the label join's topology whose operator reports its watermark: `flink run -py contract_time.py`."""

import json
from collections.abc import Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction

from learner.flink_job import EVENT_TIME, LABELS, RECORD, SCORED
from weir.flink_environment import OUTBOUND, insert, keyed_stream, pairs, table_environment, without_time
from weir.flink_sql import sink_table, source_table
from weir.settings import load_settings

TIMER_AFTER_MS = 10_000


class Clock(KeyedProcessFunction):
    """Reports the watermark at every record and every timer; a scored transaction sets a timer."""

    def __init__(self, scored: str, out: str) -> None:
        self._scored, self._out = scored, out

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        _, payload, topic, partition, offset = record
        if topic == self._scored and (time_ms := _event_time_ms(payload)):
            ctx.timer_service().register_event_time_timer(time_ms + TIMER_AFTER_MS)
        yield self._say(ctx, {"topic": topic, "partition": partition, "offset": offset})

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Row]:
        yield self._say(ctx, {"timer": timestamp})

    def _say(self, ctx: Any, facts: dict[str, Any]) -> Row:
        seen = {"key": ctx.get_current_key(), "watermark": ctx.timer_service().current_watermark()}
        return Row(self._out, None, json.dumps(seen | facts).encode())


def _event_time_ms(payload: bytes | None) -> int | None:
    """Return the event time of a valid record; None for a malformed one."""
    try:
        time_ms = json.loads(payload or b"null")["event_time_ms"]
    except (ValueError, TypeError, KeyError):
        return None
    return time_ms if isinstance(time_ms, int) and 0 < time_ms < 1 << 42 else None


def main() -> None:
    """Join scored transactions, which carry time, and labels, which do not, under one key."""
    settings = load_settings()
    topics, broker = settings.topics, settings.bootstrap_servers
    tables = table_environment(
        settings, checkpoint_ms=1000, parallelism=1, exactly_once=True, buffer_ms=settings.flink.buffer_ms
    )
    idle = {"scan.watermark.idle-timeout": "1 s"}
    tables.execute_sql(
        source_table("scored", [topics.scored], bootstrap_servers=broker, group="c", columns=EVENT_TIME, options=idle)
    )
    tables.execute_sql(source_table("labels", [topics.labels], bootstrap_servers=broker, group="c"))
    tables.execute_sql(sink_table("outbound", [topics.dead_letters, topics.replies], bootstrap_servers=broker))
    both = pairs(tables, SCORED, RECORD).union(without_time(pairs(tables, LABELS, RECORD)))
    clock = keyed_stream(both, RECORD).process(Clock(topics.scored, topics.replies), output_type=OUTBOUND)
    statements = tables.create_statement_set()
    insert(tables, statements, clock.uid("clock").name("clock"), "outbound")
    statements.execute()


if __name__ == "__main__":
    main()
