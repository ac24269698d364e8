"""The label-join job.

    scored-transactions --+
                          +--> key by transaction --> join-labels --+--> number --> learning-log   (exactly once)
    labels ---------------+                                         +--> dead-letters   (at least once)

Flink starts it through `operations/runner/entry/run_job.py` (docs/adr/0009). The text and the order of its SQL decide
operator uids, and savepoints depend on those (docs/adr/0011).
"""

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import Schema, StreamTableEnvironment, Table

from learner.flink_operators import JoinLabels
from weir.flink_environment import BYTES, OUTBOUND, keyed_stream, pairs, table_environment, without_time
from weir.flink_sql import exactly_once, key_text, passing_over, sink_table, source_table
from weir.settings import Settings, load_settings
from weir.skipped import read_skipped

RECORD = Types.ROW([BYTES, BYTES, Types.STRING(), Types.INT(), Types.LONG()])

# Labels carry no event time (docs/adr/0004). A record without an event time counts as 1970, or it would stop the clock.
# The watermark's 5 seconds of disorder are a round number; not measured.
EVENT_TIME_MS = "TRY_CAST(JSON_VALUE(CAST(payload AS STRING), '$.event_time_ms') AS BIGINT)"
EVENT_TIME = [
    f"event_time AS TO_TIMESTAMP_LTZ(COALESCE({EVENT_TIME_MS}, 0), 3)",
    "WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND",
]
TIME_OPTIONS = {"scan.watermark.idle-timeout": "10 s"}  # an empty partition would stop the clock (docs/adr/0004)

BUFFER_MS = 20
IN_BATCHES = {"properties.fetch.min.bytes": str(2**20), "properties.fetch.max.wait.ms": "200"}
"""How long scores are collected on their way to the join: a label waits for the next checkpoint in any case, and scores
that come in batches cost half as much as one by one (docs/measurements/whole-loop.md). Labels are read at once."""

ROW = "ROW(kafka_key, payload, `topic`, `partition`, `offset`)"
SCORED = f"SELECT {key_text('CAST(kafka_key AS STRING)')}, {ROW} FROM scored"  # noqa: S608 -- constants only
LABELS = f"""
    SELECT {key_text("JSON_VALUE(CAST(payload AS STRING), '$.transaction_id')")}, {ROW} FROM labels
"""  # noqa: S608 -- constants only
NUMBERED = """
    SELECT CAST(CONCAT('{epoch}:', CAST(n AS STRING)) AS BYTES), payload
    FROM (
        SELECT *, COUNT(*) OVER (ORDER BY arrived ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n
        FROM joined WHERE `topic` = '{learning_log}'
    )
"""
BURIED = "SELECT kafka_key, payload FROM joined WHERE `topic` = '{dead_letters}'"


def declare_tables(tables: StreamTableEnvironment, settings: Settings) -> None:
    """Declare sources and sinks. Their order numbers the uids of SQL operators, so only append."""
    topics, broker = settings.topics, settings.bootstrap_servers
    group = f"weir-{settings.namespace}-label-join"
    once = exactly_once(f"weir-{settings.namespace}-learning-log", settings.flink.transaction_timeout_ms)
    tables.execute_sql(
        source_table(
            "scored",
            [topics.scored],
            bootstrap_servers=broker,
            group=group,
            columns=EVENT_TIME,
            options=TIME_OPTIONS | IN_BATCHES,
        )
    )
    tables.execute_sql(source_table("labels", [topics.labels], bootstrap_servers=broker, group=group))
    tables.execute_sql(
        sink_table(
            "learning_log", [topics.learning_log], bootstrap_servers=broker, options=once | {"sink.parallelism": "1"}
        )
    )
    # The detector job writes dead-letters too, and the writers of a topic must share one delivery guarantee
    # (docs/platform-notes.md#exactly-once-sinks-and-outages).
    letters = exactly_once(f"weir-{settings.namespace}-letters", settings.flink.transaction_timeout_ms)
    guarantee = letters if settings.flink.exactly_once_scores else {"sink.delivery-guarantee": "at-least-once"}
    tables.execute_sql(sink_table("dead_letters", [topics.dead_letters], bootstrap_servers=broker, options=guarantee))


def topology(tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """Key both streams by transaction id and join them in one Python operator. Returns `OUTBOUND` rows."""
    skipped, topics = read_skipped(settings.skipped_file("label-join")), settings.topics
    labels, scored = (
        pairs(tables, query + passing_over(skipped, [topic]), RECORD)
        for query, topic in ((LABELS, topics.labels), (SCORED, topics.scored))
    )
    labels = without_time(labels).uid("labels-without-time").name("labels-without-time")
    records = keyed_stream(scored.union(labels), RECORD)
    join = JoinLabels(settings.learning, settings.topics)
    return records.process(join, output_type=OUTBOUND).uid("join-labels").name("join-labels")


def outlets(tables: StreamTableEnvironment, settings: Settings, joined: DataStream) -> dict[str, Table]:
    """Return the rows for each sink, by name. Examples are numbered densely in the order of writing (docs/adr/0005)."""
    schema = Schema.new_builder().column_by_expression("arrived", "PROCTIME()").build()
    tables.create_temporary_view("joined", tables.from_data_stream(joined, schema))
    numbered = NUMBERED.format(epoch=settings.learning.epoch, learning_log=settings.topics.learning_log)
    return {
        "learning_log": tables.sql_query(numbered),
        "dead_letters": tables.sql_query(BURIED.format(dead_letters=settings.topics.dead_letters)),
    }


def main() -> None:
    """Build the job and submit it to the cluster that `flink run` names."""
    settings = load_settings()
    tables = table_environment(
        settings,
        checkpoint_ms=settings.flink.label_join_checkpoint_ms,
        parallelism=settings.flink.label_join_parallelism,
        exactly_once=True,
        buffer_ms=BUFFER_MS,
    )
    tables.get_config().set("pipeline.name", f"weir-{settings.namespace}-label-join")
    declare_tables(tables, settings)
    statements = tables.create_statement_set()
    for sink, table in outlets(tables, settings, topology(tables, settings)).items():
        statements.add_insert(sink, table)
    statements.execute()


if __name__ == "__main__":
    main()
