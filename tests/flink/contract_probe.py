"""A job with the detector's topology whose operator reports what it sees: `flink run -py contract_probe.py`.

With `CONTRACT_CHANGED` in the environment it is the next version of itself: another operator class under the same uid,
one more field in the state, and one more source and sink after the others.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor
from pyflink.table import StreamTableEnvironment

from weir.flink_environment import (
    BYTES,
    OUTBOUND,
    STATE_BYTES,
    insert,
    keyed_stream,
    pairs,
    require_thread_mode,
    table_environment,
    without_time,
)
from weir.flink_sql import key_text, sink_table, source_table
from weir.settings import Settings, load_settings
from weir.topics import Topics

RECORD = Types.ROW([BYTES, BYTES, Types.STRING(), Types.INT(), Types.LONG(), BYTES])
SEEN = ValueStateDescriptor("seen", STATE_BYTES)
MODEL = MapStateDescriptor("model", Types.STRING(), STATE_BYTES)
EVENT_TIME_MS = "TRY_CAST(JSON_VALUE(CAST(payload AS STRING), '$.event_time_ms') AS BIGINT)"
EVENT_TIME = [
    f"event_time AS TO_TIMESTAMP_LTZ(COALESCE({EVENT_TIME_MS}, 0), 3)",
    "WATERMARK FOR event_time AS event_time",
]
KEYED = f"""
    SELECT {key_text("JSON_VALUE(CAST(payload AS STRING), '$.user_id')")},
           ROW(kafka_key, payload, `topic`, `partition`, `offset`, `headers`['weir-reply-to'])
    FROM inbound
"""  # noqa: S608 -- constants only
CONTROL = "SELECT kafka_key, payload, `topic`, `partition`, `offset`, CAST(NULL AS BYTES) FROM control"


class Probe(KeyedBroadcastProcessFunction):
    """Turns each record into a report, a copy of itself and, on request, a reply."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def open(self, runtime_context: RuntimeContext) -> None:
        require_thread_mode()
        self._seen = runtime_context.get_state(SEEN)
        self._model, self._compilations = b"", 0
        metrics = runtime_context.get_metrics_group()
        self._records = metrics.counter("contract_records")
        self._sizes = metrics.distribution("contract_sizes")
        self._rate = metrics.meter("contract_rate")

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        self._compile_once(ctx)
        kafka_key, payload, topic, partition, offset, reply_to = record
        asked = _asked(payload)
        _crash_once(asked)
        state = self.remember(self._seen.value())
        self._seen.update(state)
        self._records.inc()
        self._sizes.update(len(payload or b""))
        self._rate.mark_event()
        if "wake_ms" in asked:
            ctx.timer_service().register_event_time_timer(asked["wake_ms"])
        position = {"topic": topic, "partition": partition, "offset": offset}
        yield Row(self._topics.scored, kafka_key, self._report(ctx, position | {"state": state}))
        yield Row(self._topics.dead_letters, kafka_key, payload)
        if reply_to is not None:
            yield Row(self._topics.replies, reply_to, payload)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Row]:
        yield Row(self._topics.scored, None, self._report(ctx, {"timer": timestamp}))

    def process_broadcast_element(self, record: Row, ctx: Any) -> Iterator[Row]:
        ctx.get_broadcast_state(MODEL).put("champion", record[1])
        self._compilations = 0
        return iter(())

    def remember(self, state: dict[str, Any] | None) -> dict[str, Any]:
        """Return the key's state after one more record."""
        return {"seen": (state or {"seen": 0})["seen"] + 1}

    def _compile_once(self, ctx: Any) -> None:
        """Load the model on the first element, as the detector does, because `open` cannot read broadcast state."""
        if not self._compilations:
            self._model = ctx.get_broadcast_state(MODEL).get("champion") or b""
            self._compilations = int(bool(self._model))

    def _report(self, ctx: Any, facts: dict[str, Any]) -> bytes:
        model = {"bytes": len(self._model), "sha256": hashlib.sha256(self._model).hexdigest()}
        seen = {"key": ctx.get_current_key(), "model": model, "operator": type(self).__name__, "pid": os.getpid()}
        return json.dumps(seen | facts).encode()


class ChangedProbe(Probe):
    """The next version, whose state has one more field."""

    def remember(self, state: dict[str, Any] | None) -> dict[str, Any]:
        """Read a state without the new field as one that `Probe` wrote."""
        older = {"written_by": "Probe"} if state else {"written_by": "nobody"}
        return super().remember(state) | {"written_by": (older | (state or {}))["written_by"]}


def _asked(payload: bytes | None) -> dict[str, Any]:
    try:
        asked = json.loads(payload or b"null")
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def _crash_once(asked: dict[str, Any]) -> None:
    """Fail if the file that the record names exists, after removing it."""
    if "crash_once" in asked and (marker := Path(asked["crash_once"])).exists():
        marker.unlink()
        raise RuntimeError("the contract asked for a crash")


def declare(tables: StreamTableEnvironment, settings: Settings) -> None:
    """Declare the detector's sources and sinks on the namespace's topics."""
    topics, broker = settings.topics, settings.bootstrap_servers
    inbound, outbound = [topics.transactions, topics.user_events], [topics.scored, topics.replies, topics.dead_letters]
    idle = {"scan.watermark.idle-timeout": "1 s"}
    tables.execute_sql(
        source_table("inbound", inbound, bootstrap_servers=broker, group="contract", columns=EVENT_TIME, options=idle)
    )
    tables.execute_sql(source_table("control", [topics.control], bootstrap_servers=broker, group="contract"))
    tables.execute_sql(sink_table("outbound", outbound, bootstrap_servers=broker))


def main() -> None:
    """Build and submit the job, or its next version."""
    settings, changed = load_settings(), "CONTRACT_CHANGED" in os.environ
    tables = table_environment(
        settings, checkpoint_ms=1000, parallelism=1, exactly_once=True, buffer_ms=settings.flink.buffer_ms
    )
    declare(tables, settings)
    control = tables.to_append_stream(tables.sql_query(CONTROL), RECORD)
    probe = (ChangedProbe if changed else Probe)(settings.topics)
    records = keyed_stream(pairs(tables, KEYED, RECORD), RECORD).connect(without_time(control).broadcast(MODEL))
    statements = tables.create_statement_set()
    insert(tables, statements, records.process(probe, output_type=OUTBOUND).uid("probe").name("probe"), "outbound")
    if changed:
        topics, broker = settings.topics, settings.bootstrap_servers
        tables.execute_sql(source_table("later", [topics.labels], bootstrap_servers=broker, group="contract"))
        tables.execute_sql(sink_table("appended", [topics.learning_log], bootstrap_servers=broker))
        statements.add_insert_sql("INSERT INTO appended SELECT kafka_key, payload FROM later")
    statements.execute()


if __name__ == "__main__":
    main()
