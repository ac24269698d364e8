"""The Flink environment of both jobs, and keyed streams without a Python operator."""

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
STATE_BYTES = Types.PICKLED_BYTE_ARRAY()
"""The type of state. Flink would convert `BYTES` byte by byte and fail on None.

See docs/platform-notes.md#records-at-the-python-boundary.
"""

OUTBOUND = Types.ROW_NAMED(["topic", "kafka_key", "payload"], [Types.STRING(), BYTES, BYTES])


def table_environment(
    settings: Settings, *, checkpoint_ms: int, parallelism: int, exactly_once: bool, buffer_ms: int
) -> StreamTableEnvironment:
    """Create a streaming environment in thread mode, with stable uids and checkpoints that outlive the job.

    `buffer_ms` is the longest time that records are buffered between the job's tasks.

    The checkpoints' timeout and tolerated failures are round numbers; not measured.
    """
    options = {
        "python.execution-mode": "thread",
        "python.fn-execution.bundle.time": str(settings.flink.bundle_ms),
        "execution.buffer-timeout": f"{buffer_ms} ms",
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
    """Turn a query's rows `(key STRING, record ROW)` into a stream."""
    return tables.to_append_stream(tables.sql_query(query), Types.ROW([Types.STRING(), record]))


def keyed_stream(stream: DataStream, record: TypeInformation) -> KeyedStream:
    """Key a stream of pairs in the JVM. The Python function receives only `record`.

    `DataStream.key_by` would add a Python operator, and operators share one GIL
    (docs/platform-notes.md#one-gil-per-taskmanager).
    """
    j_keyed = stream._j_data_stream.keyBy(  # noqa: SLF001 -- PyFlink offers no Java key selector
        get_gateway().jvm.KeyByKeySelector(), Types.ROW([Types.STRING()]).get_java_type_info()
    )
    return KeyedStream(j_keyed, record, stream)


def without_time(stream: DataStream) -> DataStream:
    """Remove a stream's watermarks: in a union it then neither holds event time back nor moves it (docs/adr/0004)."""
    idle = WatermarkStrategy.no_watermarks().with_idleness(Duration.of_millis(100))
    return stream.assign_timestamps_and_watermarks(idle)


def insert(tables: StreamTableEnvironment, statements: Any, stream: DataStream, sink: str) -> None:
    """Add `INSERT INTO sink` of a stream of `OUTBOUND` rows to a statement set."""
    statements.add_insert(sink, tables.from_data_stream(stream))


def require_thread_mode() -> None:
    """Check, as an operator opens, that Flink has not fallen back silently to process mode, which is 40 times slower.

    See docs/platform-notes.md#thread-mode.

    Raises:
        DeploymentError: this Python is not embedded in the TaskManager.
    """
    if "pemja_core" not in sys.modules and "_pemja" not in sys.modules:
        raise DeploymentError(
            "The job runs in Python process mode instead of thread mode.",
            "Run `weir doctor`; thread mode needs a Python with a shared libpython.",
        )
