"""The Flink environment both jobs run in, and how a stream is keyed without a Python hop."""

import sys
from typing import Any

from pyflink.common import Configuration, Duration, Types, WatermarkStrategy
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment

from weir.errors import DeploymentError
from weir.settings import Settings

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
STATE_BYTES = Types.PICKLED_BYTE_ARRAY()  # as a state's type, BYTES is converted byte by byte and fails on None
OUTBOUND = Types.ROW_NAMED(["topic", "kafka_key", "payload"], [Types.STRING(), BYTES, BYTES])


def table_environment(
    settings: Settings, *, checkpoint_ms: int, parallelism: int, exactly_once: bool
) -> StreamTableEnvironment:
    """A streaming environment in thread mode with stable uids; checkpoints outlive the job."""
    options = {
        "python.execution-mode": "thread",
        "python.fn-execution.bundle.time": str(settings.flink.bundle_ms),
        "execution.buffer-timeout": f"{settings.flink.buffer_ms} ms",
        "execution.checkpointing.interval": f"{checkpoint_ms} ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE" if exactly_once else "AT_LEAST_ONCE",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.timeout": "60 s",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "table.exec.uid.generation": "ALWAYS",
        "parallelism.default": str(parallelism),
    }
    configuration = Configuration()
    for name, value in options.items():
        configuration.set_string(name, value)
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    return StreamTableEnvironment.create(environment)


def pairs(tables: StreamTableEnvironment, query: str, record: TypeInformation) -> DataStream:
    """The rows `(key STRING, record ROW)` of a query as a stream."""
    return tables.to_append_stream(tables.sql_query(query), Types.ROW([Types.STRING(), record]))


def keyed_stream(stream: DataStream, record: TypeInformation) -> KeyedStream:
    """Key a stream of pairs in the JVM; the Python function receives `record` only.

    This is `DataStream.key_by` without its Python operator: a second one would share, and hand over, one GIL.
    """
    j_keyed = stream._j_data_stream.keyBy(  # noqa: SLF001 -- PyFlink offers no Java key selector
        get_gateway().jvm.KeyByKeySelector(), Types.ROW([Types.STRING()]).get_java_type_info()
    )
    return KeyedStream(j_keyed, record, stream)


def without_time(stream: DataStream) -> DataStream:
    """A stream that gives no watermark and neither holds back nor pushes the time of what it is united with."""
    idle = WatermarkStrategy.no_watermarks().with_idleness(Duration.of_millis(100))
    return stream.assign_timestamps_and_watermarks(idle)


def insert(tables: StreamTableEnvironment, statements: Any, stream: DataStream, sink: str) -> None:
    """Add `INSERT INTO sink` of an outbound stream to a statement set."""
    statements.add_insert(sink, tables.from_data_stream(stream))


def require_thread_mode() -> None:
    """Called by an operator as it opens: Flink falls back to process mode silently, which is 40 times slower.

    Raises:
        DeploymentError: this Python is not embedded in the TaskManager.
    """
    if "pemja_core" not in sys.modules and "_pemja" not in sys.modules:
        raise DeploymentError("The job runs in Python process mode.", "Run `weir doctor`: thread mode needs libpython.")
