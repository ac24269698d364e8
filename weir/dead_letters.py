"""Dead letters: one way to build them, and none is large, whatever the record was.

A dead letter carries the start of the record, its length and its hash. A whole record of 13 MiB would become a letter
that the sink refuses for ever, and the job would restart on it for ever.
"""

from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from weir.errors import InvalidRecord
from weir.messages import LONGEST_ID, DeadLetter
from weir.records import Inbound

KEPT_BYTES = 4096
"""How much of a key or payload a letter keeps: a usual record whole, of a large one enough to see who sent it."""

LONGEST_TEXT = 512
"""Characters of a field's path or a reason: either may quote what the record holds."""

Stage = Literal["detector", "label-join"]


class Names(NamedTuple):
    """The ids that a record gives itself; None for one that is missing or cannot be an id."""

    transaction_id: str | None = None
    user_id: str | None = None
    label_id: str | None = None


class _Named(Struct):
    transaction_id: Any = None
    user_id: Any = None
    label_id: Any = None


_named = msgspec.json.Decoder(_Named)


def names_in(payload: bytes | None) -> Names:
    """The names of any record, also of one that is refused.

    >>> names_in(b'{"transaction_id": "t1", "user_id": 7}')
    Names(transaction_id='t1', user_id=None, label_id=None)
    """
    try:
        found = _named.decode(payload or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Names()
    return Names(_id(found.transaction_id), _id(found.user_id), _id(found.label_id))


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def dead_letter(record: Inbound, error: InvalidRecord, *, stage: Stage, now_ms: int) -> DeadLetter:
    """The letter of a record: why it could not be used, where it stands, and as much of it as a letter may hold.

    Args:
        record: The record.
        error: What is wrong with it.
        stage: The job that refused it.
        now_ms: The wall clock.
    """
    payload = record.payload
    return DeadLetter(
        stage=stage,
        field=error.field[:LONGEST_TEXT],
        reason=error.reason[:LONGEST_TEXT],
        source=record.position,
        key=cut(record.kafka_key),
        payload=cut(payload),
        payload_bytes=None if payload is None else len(payload),
        payload_sha256=None if payload is None else sha256(payload).hexdigest(),
        dead_lettered_at_ms=now_ms,
        **names_in(payload)._asdict(),
    )


def cut(content: bytes | None) -> bytes | None:
    """The first `KEPT_BYTES`."""
    return None if content is None else content[:KEPT_BYTES]
