"""A job whose operator calls compiled functions, and reports where their code came from: `flink run -py ...`.

`CONTRACT_CACHE` in the client's environment is the folder of the cache.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

import weir.artefact
from weir.artefact import AdditiveScorer
from weir.bins import Layout
from weir.compiled import warm
from weir.feature_schema import KIND_OF
from weir.flink_environment import (
    BYTES,
    OUTBOUND,
    insert,
    keyed_stream,
    pairs,
    require_thread_mode,
    table_environment,
)
from weir.flink_sql import key_text, sink_table, source_table
from weir.settings import load_settings

RECORD = Types.ROW([BYTES])
USER = key_text("JSON_VALUE(CAST(payload AS STRING), '$.user_id')")
KEYED = f"SELECT {USER}, ROW(payload) FROM inbound"  # noqa: S608 -- constants only


def a_full_scorer() -> AdditiveScorer:
    """Make a scorer of all features and one pair, whose weights all differ."""
    layout = Layout(KIND_OF, [(0, 1)])
    return AdditiveScorer(
        layout=layout, bins=np.arange(layout.bin_count) / 100, cells=np.arange(layout.cell_count) / 10, trust=1.0
    )


class Compiled(KeyedProcessFunction):
    """Scores the features that a record holds."""

    def __init__(self, topic: str, cache_dir: Path) -> None:
        self._topic, self._cache_dir = topic, cache_dir

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002 -- Flink passes it
        require_thread_mode()
        warm(self._cache_dir)
        self._scorer = a_full_scorer()

    def process_element(self, record: Row, ctx: Any) -> Iterator[Row]:  # noqa: ARG002 -- likewise
        stats = weir.artefact.log_odds_of.stats
        report = {
            "log_odds": self._scorer.log_odds(json.loads(record[0])["features"]),
            "loaded": stats.cache_hits.total(),
            "compiled": stats.cache_misses.total(),
            "pid": os.getpid(),
        }
        yield Row(self._topic, None, json.dumps(report).encode())


def main() -> None:
    """Build and submit the job."""
    settings = load_settings()
    topics, broker = settings.topics, settings.bootstrap_servers
    tables = table_environment(
        settings, checkpoint_ms=1000, parallelism=1, exactly_once=False, buffer_ms=settings.flink.buffer_ms
    )
    tables.execute_sql(
        source_table("inbound", [topics.transactions], bootstrap_servers=broker, group="contract-compiled")
    )
    tables.execute_sql(sink_table("outbound", [topics.scored, topics.dead_letters], bootstrap_servers=broker))
    compiled = Compiled(topics.scored, Path(os.environ["CONTRACT_CACHE"]))
    reports = keyed_stream(pairs(tables, KEYED, RECORD), RECORD).process(compiled, output_type=OUTBOUND)
    statements = tables.create_statement_set()
    insert(tables, statements, reports.uid("compiled").name("compiled"), "outbound")
    statements.execute()


if __name__ == "__main__":
    main()
