"""Dead letters: a record that could not be used becomes a small message, however large the record is.

A dead letter holds the start of the record, its length and its hash. With a whole record of 13 MiB it would exceed the
sink's limit, and the job would fail at it for ever (docs/platform-notes.md#oversized-records).
"""

import traceback
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec
import structlog
from msgspec import Struct

from weir.errors import InvalidRecord
from weir.messages import LONGEST_ID, DeadLetter, Stage
from weir.records import Inbound

KEPT_BYTES = 4096
"""Bytes of a key or payload that a letter keeps: all of a usual record, enough of a large one to find its sender."""

LONGEST_TEXT = 512
"""Characters of a field's path and of a reason: both may quote the record. A round number; not measured."""

LONGEST_TRACEBACK = 4000
"""Characters of a traceback, its end, that a letter keeps: some forty lines. A round number; not measured."""

Job = Literal["detector", "label-join"]

_log = structlog.get_logger()


class RecordIds(NamedTuple):
    """The ids in a record; None where an id is missing or invalid."""

    transaction_id: str | None = None
    user_id: str | None = None
    label_id: str | None = None


class _Ids(Struct):
    transaction_id: Any = None
    user_id: Any = None
    label_id: Any = None


_ids = msgspec.json.Decoder(_Ids)


def ids_in(payload: bytes | None) -> RecordIds:
    """Return the ids in any bytes, without validating the rest.

    >>> ids_in(b'{"transaction_id": "t1", "user_id": 7}')
    RecordIds(transaction_id='t1', user_id=None, label_id=None)
    """
    try:
        found = _ids.decode(payload or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return RecordIds()
    return RecordIds(_id(found.transaction_id), _id(found.user_id), _id(found.label_id))


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def dead_letter(record: Inbound, error: Exception, *, job: Job, now_ms: int) -> DeadLetter:
    """Build the dead letter of a record that a job refused or, if it is no `InvalidRecord`, failed at.

    A failure is a fault of Weir's own: the letter has the stage `internal` and the traceback, which is logged too.
    """
    found = None
    if not isinstance(error, InvalidRecord):
        found = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
        _log.error("record_failed", job=job, source=list(record[2:5]), traceback=found)
        error = InvalidRecord("$", f"{job} failed at it: {type(error).__name__}: {error}")
    return _letter(record, error, stage=job if found is None else "internal", now_ms=now_ms, found=found)


def skipped_letter(record: Inbound, job: Job, *, now_ms: int) -> DeadLetter:
    """Build the dead letter of a record that somebody set aside, so that the job passes over it."""
    error = InvalidRecord("$", f"was set aside with `weir skip`; {job} has not read it")
    return _letter(record, error, stage="skipped", now_ms=now_ms)


def _letter(
    record: Inbound, error: InvalidRecord, *, stage: Stage, now_ms: int, found: str | None = None
) -> DeadLetter:
    payload = record.payload
    return DeadLetter(
        schema_version=2,
        stage=stage,
        traceback=found,
        field=error.field[:LONGEST_TEXT],
        reason=error.reason[:LONGEST_TEXT],
        source=record.position,
        key=cut(record.kafka_key),
        payload=cut(payload),
        payload_bytes=None if payload is None else len(payload),
        payload_sha256=None if payload is None else sha256(payload).hexdigest(),
        dead_lettered_at_ms=now_ms,
        **ids_in(payload)._asdict(),
    )


def cut(content: bytes | None) -> bytes | None:
    """Return the first `KEPT_BYTES`."""
    return None if content is None else content[:KEPT_BYTES]
