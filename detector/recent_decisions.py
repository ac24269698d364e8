"""A bounded record of a user's recent decisions, so a transaction that is sent again gets its first decision again.

The record is one byte string of entries: length (2 bytes), the id's CRC-32 (4 bytes), msgpack. Searching the bytes for
the CRC costs a fraction of decoding dozens of entries for every payment; only a likely repetition decodes any.
"""

from zlib import crc32

import msgspec
from msgspec import Struct

from weir.messages import Decision, ModelRef

# Bounds a user's state. A round number; not measured.
MAX_DECIDED = 32

_LENGTH_BYTES, _HEADER_BYTES = 2, 6


class Decided(Struct, frozen=True, array_like=True, gc=False):
    transaction_id: str
    score: float
    decision: Decision
    profile: str
    model: ModelRef | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Decided)


def may_hold(state: bytes, transaction_id: str) -> bool:
    """Whether an encoded state may hold a decision on a transaction; a chance match is rare and costs a search."""
    return _check(transaction_id) in state


def first_decision(record: bytes, transaction_id: str) -> Decided | None:
    """Return the transaction's first decision; None if it has none or the record no longer holds it."""
    at = 0
    while at < len(record):
        end = _end(record, at)
        decided = _decoder.decode(record[at + _HEADER_BYTES : end])
        if decided.transaction_id == transaction_id:
            return decided
        at = end
    return None


def with_decision(record: bytes, count: int, decided: Decided) -> tuple[bytes, int]:
    """Append a decision and drop the oldest beyond `MAX_DECIDED`; return the record and the number of its entries."""
    if count >= MAX_DECIDED:
        record, count = record[_end(record, 0) :], count - 1
    entry = _encoder.encode(decided)
    return record + len(entry).to_bytes(_LENGTH_BYTES, "big") + _check(decided.transaction_id) + entry, count + 1


def _check(transaction_id: str) -> bytes:
    return crc32(transaction_id.encode()).to_bytes(4, "big")


def _end(record: bytes, at: int) -> int:
    return at + _HEADER_BYTES + int.from_bytes(record[at : at + _LENGTH_BYTES], "big")
