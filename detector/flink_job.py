"""The detector job. `weir run detector-job` starts it as `operations/runner/entry/run_job.py detector.flink_job`.

Flink cannot run this file itself: it would put this folder first on the Python path, where `detector.py` hides the
package (ADR 9).

transactions, user-events --key by user--> score <--broadcast-- control
                                            |
            scored-transactions, alerts, decision-replies, dead-letters
"""

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import StreamTableEnvironment

from detector.flink_operators import CONTROL_STATE, Score
from weir.flink_environment import BYTES, OUTBOUND, insert, keyed_stream, pairs, table_environment
from weir.flink_sql import exactly_once, key_text, passing_over, sink_table, source_table
from weir.settings import Settings, load_settings
from weir.skipped import read_skipped

RECORD = Types.ROW([BYTES, BYTES, Types.STRING(), Types.INT(), Types.LONG(), BYTES])

# The key comes from the payload, so producers need not set one. Records without a user id share the empty key.
KEYED = f"""
    SELECT {key_text("JSON_VALUE(CAST(payload AS STRING), '$.user_id')")},
           ROW(kafka_key, payload, `topic`, `partition`, `offset`, `headers`['weir-reply-to'])
    FROM inbound
"""  # noqa: S608 -- constants only
CONTROL = "SELECT kafka_key, payload, `topic`, `partition`, `offset`, CAST(NULL AS BYTES) FROM control"


def declare_tables(tables: StreamTableEnvironment, settings: Settings) -> None:
    """Declare sources and sink. Their order numbers the uids of SQL operators: only append."""
    topics, broker = settings.topics, settings.bootstrap_servers
    group = f"weir-{settings.namespace}-detector"
    inbound = [topics.transactions, topics.user_events]
    outbound = [topics.scored, topics.alerts, topics.replies, topics.dead_letters]
    tables.execute_sql(source_table("inbound", inbound, bootstrap_servers=broker, group=group))
    tables.execute_sql(source_table("control", [topics.control], bootstrap_servers=broker, group=group))
    tables.execute_sql(sink_table("outbound", outbound, bootstrap_servers=broker, options=_guarantee(settings)))


def topology(tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """Connect keyed records with broadcast control records in one Python operator, which emits outbound rows."""
    skipped, topics = read_skipped(settings.skipped_file("detector")), settings.topics
    keyed = KEYED + passing_over(skipped, [topics.transactions, topics.user_events])
    records = keyed_stream(pairs(tables, keyed, RECORD), RECORD)
    control = tables.to_append_stream(tables.sql_query(CONTROL), RECORD).broadcast(CONTROL_STATE)
    score = Score(
        settings.detector, settings.topics, settings.require_signing_key(), cache_dir=settings.cache_dir.absolute()
    )
    return records.connect(control).process(score, output_type=OUTBOUND).uid("score").name("score")


def _guarantee(settings: Settings) -> dict[str, str]:
    linger = {"properties.linger.ms": str(settings.flink.linger_ms)}
    if settings.flink.exactly_once_scores:
        return linger | exactly_once(f"weir-{settings.namespace}-scores", settings.flink.transaction_timeout_ms)
    return linger | {"sink.delivery-guarantee": "at-least-once"}


def main() -> None:
    """Build the job and submit it to the cluster of the calling `flink run`."""
    settings = load_settings()
    tables = table_environment(
        settings,
        checkpoint_ms=settings.flink.detector_checkpoint_ms,
        parallelism=settings.flink.detector_parallelism,
        exactly_once=settings.flink.exactly_once_scores,
        buffer_ms=settings.flink.buffer_ms,
    )
    tables.get_config().set("pipeline.name", f"weir-{settings.namespace}-detector")
    declare_tables(tables, settings)
    statements = tables.create_statement_set()
    insert(tables, statements, topology(tables, settings), "outbound")
    statements.execute()


if __name__ == "__main__":
    main()
