"""Kafka tables for Flink SQL: keys and payloads as bytes, with the records' positions and headers.

Payloads are `BYTES`, because `STRING` would destroy invalid UTF-8 before a dead letter could keep it.
"""

from collections.abc import Mapping, Sequence

from weir.messages import Position
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
    """Return the DDL of a source. Without state it starts at the earliest offset.

    Columns: `kafka_key` and `payload` (bytes), `topic`, `partition`, `offset`, `headers`, then `columns`, which may
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
    """Return the DDL of a sink. Columns: `topic` if there are several topics, then `kafka_key` and `payload`."""
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
    """Return SQL for a key as valid UTF-8, '' if there is none. A lone surrogate would kill the job (docs/adr/0003)."""
    return f"COALESCE(DECODE(ENCODE({expression}, 'UTF-8'), 'UTF-8'), '')"


def passing_over(skipped: Sequence[Position], topics: Sequence[str]) -> str:
    """Return a WHERE clause without the positions of these topics that somebody set aside; '' if there are none.

    Flink evaluates it before the query's expressions look into the record. It adds no node to a plan whose query has
    expressions, so uids stay (docs/adr/0011).
    """
    places = [
        f"(`topic` = '{at.topic}' AND `partition` = {at.partition} AND `offset` = {at.offset})"
        for at in skipped
        if at.topic in topics
    ]
    return f" WHERE NOT ({' OR '.join(places)})" if places else ""


def exactly_once(prefix: str, timeout_ms: int) -> dict[str, str]:
    """Return sink options for exactly-once. Keep the prefix over restarts, or open transactions block readers."""
    return {
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": prefix,
        "properties.transaction.timeout.ms": str(timeout_ms),
    }


def _ddl(name: str, columns: Sequence[str], properties: Mapping[str, str]) -> str:
    options = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    return f"CREATE TEMPORARY TABLE {name} ({', '.join(columns)}) WITH ({options})"
