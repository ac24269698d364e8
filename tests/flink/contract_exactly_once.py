"""A job that writes the learning log as the label join does, plus a brake: `flink run -py contract_exactly_once.py`.

Every scored record becomes one numbered entry. A user event names a file, and the brake operator holds the checkpoint
back while that file exists: the log's sink has pre-committed, but the checkpoint is not complete. The brake has its own
slot, so the TaskManager of the sink can be stopped meanwhile. Checkpoints happen only on request.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction

from learner.flink_job import RECORD, SCORED, declare_tables, outlets
from weir.flink_environment import BYTES, OUTBOUND, keyed_stream, pairs, table_environment
from weir.flink_sql import source_table
from weir.settings import load_settings

NEVER_MS = 3_600_000
BRAKES = "SELECT 'brake', ROW(kafka_key, payload, `topic`, `partition`, `offset`) FROM brakes"


class Enter(KeyedProcessFunction):
    """Makes each record one entry of the learning log."""

    def __init__(self, learning_log: str) -> None:
        self._learning_log = learning_log

    def process_element(self, record: Row, _: Any) -> Iterator[Row]:
        yield Row(self._learning_log, record[0], record[1])


class Brake(KeyedProcessFunction):
    """Creates a `.held` file, then blocks until the file that the record names is gone."""

    def process_element(self, record: Row, _: Any) -> Iterator[Row]:
        file = Path(record[1].decode())
        file.with_suffix(".held").touch()
        while file.exists():
            time.sleep(0.02)
        yield Row(record[0], record[1])


def main() -> None:
    """Put an operator without logic between the real tables and the real numbering."""
    settings = load_settings()
    topics, broker = settings.topics, settings.bootstrap_servers
    tables = table_environment(
        settings, checkpoint_ms=NEVER_MS, parallelism=1, exactly_once=True, buffer_ms=settings.flink.buffer_ms
    )
    declare_tables(tables, settings)
    entries = keyed_stream(pairs(tables, SCORED, RECORD), RECORD).process(Enter(topics.learning_log), OUTBOUND)
    statements = tables.create_statement_set()
    statements.add_insert("learning_log", outlets(tables, settings, entries.uid("enter"))["learning_log"])
    tables.execute_sql(source_table("brakes", [topics.user_events], bootstrap_servers=broker, group="contract"))
    released = keyed_stream(pairs(tables, BRAKES, RECORD), RECORD).process(Brake(), Types.ROW([BYTES, BYTES]))
    braked = released.uid("brake").name("brake").slot_sharing_group("brake")
    statements.add_insert("dead_letters", tables.from_data_stream(braked))
    statements.execute()


if __name__ == "__main__":
    main()
