"""Kafka tables for Flink SQL: bytes in and bytes out, with what the DataStream side needs beside them.

Payloads are `BYTES`: `STRING` would destroy invalid UTF-8 before a dead letter could keep it.
"""

from collections.abc import Mapping, Sequence

from weir.topics import LARGE_MESSAGE_BYTES

_RAW = {"value.format": "raw", "key.format": "raw", "key.fields": "kafka_key", "value.fields-include": "EXCEPT_KEY"}


def source_table(
    name: str,
    topics: Sequence[str],
    *,
    bootstrap_servers: str,
    group: str,
    columns: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
) -> str:
    """DDL of a source on one or more topics, from the earliest offset when there is no state.

    Columns: `kafka_key`, `payload` (bytes), `topic`, `partition`, `offset`, `headers`, then `columns`, which may
    compute from these or declare a watermark.
    """
    fixed = [
        "kafka_key BYTES",
        "payload BYTES",
        "`topic` STRING METADATA VIRTUAL",
        "`partition` INT METADATA VIRTUAL",
        "`offset` BIGINT METADATA VIRTUAL",
        "`headers` MAP<STRING, BYTES> METADATA VIRTUAL",
    ]
    properties = {
        "connector": "kafka",
        "topic": ";".join(topics),
        "properties.bootstrap.servers": bootstrap_servers,
        "properties.group.id": group,
        "properties.isolation.level": "read_committed",
        "properties.max.partition.fetch.bytes": str(LARGE_MESSAGE_BYTES),
        "scan.startup.mode": "earliest-offset",
        **_RAW,
        **(options or {}),
    }
    return _ddl(name, [*fixed, *columns], properties)


def sink_table(
    name: str,
    topics: Sequence[str],
    *,
    bootstrap_servers: str,
    options: Mapping[str, str] | None = None,
) -> str:
    """DDL of a sink: columns `kafka_key`, `payload`, and before them `topic` where there are several to choose from."""
    properties = {
        "connector": "kafka",
        "topic": ";".join(topics),
        "properties.bootstrap.servers": bootstrap_servers,
        "properties.max.request.size": str(LARGE_MESSAGE_BYTES),
        "properties.compression.type": "lz4",
        "sink.partitioner": "default",
        **_RAW,
        **(options or {}),
    }
    chosen = ["`topic` STRING METADATA"] if len(topics) > 1 else []
    return _ddl(name, [*chosen, "kafka_key BYTES", "payload BYTES"], properties)


def key_text(expression: str) -> str:
    """SQL for a key as text that Python can take: a lone surrogate, valid in JSON, would kill the job; no key is ''."""
    return f"COALESCE(DECODE(ENCODE({expression}, 'UTF-8'), 'UTF-8'), '')"


def exactly_once(prefix: str, timeout_ms: int) -> dict[str, str]:
    """Sink options for exactly-once; the prefix must stay the same over restarts, or open transactions block readers."""
    return {
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": prefix,
        "properties.transaction.timeout.ms": str(timeout_ms),
    }


def _ddl(name: str, columns: Sequence[str], properties: Mapping[str, str]) -> str:
    options = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    return f"CREATE TEMPORARY TABLE {name} ({', '.join(columns)}) WITH ({options})"
