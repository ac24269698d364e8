"""A user's state as bytes: a prefix with the schema version, the records in use, then the remembered decisions."""

from struct import Struct
from typing import NamedTuple

import numpy as np

from detector import state_v1
from detector.names import NAME
from detector.records import INTEGER, Bytes
from detector.state import (
    CONFIRMED_END,
    EVENT,
    HABITS,
    HABITS_END,
    HEADER_END,
    KINDS,
    KNOWN_BYTES,
    KNOWN_END,
    MAX_KNOWN,
    MAX_NOTES,
    MAX_PANES,
    MEAN,
    MEANS_END,
    NOTE,
    PANE,
    PANES_END,
    RECENT_AT,
    TRIPS_END,
    UserState,
)
from weir.compiled import compiled, warm_up
from weir.errors import DeploymentError

STATE_SCHEMA = 2
MAGIC = b"weir"
_PREFIX = Struct(">4sHH")  # the magic, the schema, the number of remembered decisions
_COUNT, _COUNT_AT = Struct(">H"), len(MAGIC) + 2
_BEGINS_WITH = MAGIC + STATE_SCHEMA.to_bytes(2, "big")

_WHOLE = HEADER_END + 2 * HABITS.itemsize  # the part that every encoded state has: header and habits

# The other sections: where each begins, the length of one record, and how many it can hold; the last one grows.
_BEGINS = np.array(
    [
        HABITS_END,
        *(PANES_END + kind * KNOWN_BYTES for kind in KINDS),
        KNOWN_END,
        MEANS_END,
        CONFIRMED_END,
        TRIPS_END,
        RECENT_AT,
    ]
)
_LENGTHS = np.array(
    [item.itemsize for item in (PANE, *(NAME for _ in KINDS), MEAN, NAME, NOTE, NOTE, EVENT)],
)
_MOST = np.array([MAX_PANES, *(MAX_KNOWN for _ in KINDS), MAX_KNOWN, MAX_KNOWN, MAX_NOTES, MAX_NOTES])


BROKEN, NO_ROOM = -1, -2


@compiled
def pack(state: Bytes, packed: Bytes) -> int:
    """Copy what is used; return its length."""
    packed[:_WHOLE] = state[:_WHOLE]
    counts, end = state[:HEADER_END].view(INTEGER), _WHOLE
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        packed[end : end + length] = state[_BEGINS[section] : _BEGINS[section] + length]
        end += length
    return end


@compiled
def unpack(packed: Bytes, state: Bytes) -> int:
    """Copy what is used back to its places; return its length.

    The result is `BROKEN` if the counts do not fit the bytes, and `NO_ROOM` if the state does not fit into the array.
    """
    if len(packed) < _WHOLE:
        return BROKEN
    state[:_WHOLE] = packed[:_WHOLE]
    counts, end = state[:HEADER_END].view(INTEGER), _WHOLE
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        if not 0 <= counts[section] <= len(packed) or end + length > len(packed):
            return BROKEN
        if section < len(_MOST) and counts[section] > _MOST[section]:
            return BROKEN
        if _BEGINS[section] + length > len(state):
            return NO_ROOM
        state[_BEGINS[section] : _BEGINS[section] + length] = packed[end : end + length]
        end += length
    return end


class StateBytes(NamedTuple):
    """An encoded state of this release's schema: the records as an array, which the remembered decisions follow."""

    payload: bytes
    packed: Bytes
    decided_count: int

    def decided(self, read: int) -> bytes:
        """Return the decisions behind the `read` bytes of records."""
        return self.payload[_PREFIX.size + read :]


def state_bytes(payload: bytes | None) -> StateBytes:
    """Look at an encoded state; None gives a fresh one, and a state of 0.1.0 is upgraded.

    Raises:
        DeploymentError: a newer detector wrote the bytes, or they are not a state.
    """
    if payload is None:
        payload = _FRESH
    elif not payload.startswith(_BEGINS_WITH):
        payload = encode_state(_foreign(payload))
    if len(payload) < _PREFIX.size + _WHOLE:
        raise broken_state()
    return StateBytes(
        payload, np.frombuffer(payload, np.uint8, -1, _PREFIX.size), _COUNT.unpack_from(payload, _COUNT_AT)[0]
    )


def joined(records: bytes, decided: bytes, decided_count: int) -> bytes:
    """Return a state's bytes."""
    return _PREFIX.pack(MAGIC, STATE_SCHEMA, decided_count) + records + decided


def encode_state(state: UserState) -> bytes:
    """Encode a state: a prefix with the schema version, the records in use, then the decisions."""
    packed = np.empty(len(state.array), np.uint8)
    return joined(packed[: pack(state.array, packed)].tobytes(), state.decided, state.decided_count)


def decode_state(payload: bytes | None) -> UserState:
    """Decode a state; None gives a fresh one, and a state of 0.1.0 is upgraded.

    Raises:
        DeploymentError: a newer detector wrote the bytes, or they are not a state.
    """
    found = state_bytes(payload)
    state = UserState(len(found.packed) // EVENT.itemsize)
    read = unpack(found.packed, state.array)
    if read < 0:
        raise broken_state()
    state.decided, state.decided_count = found.decided(read), found.decided_count
    return state


_FRESH = joined(bytes(_WHOLE), b"", 0)


def _foreign(payload: bytes) -> UserState:
    """Read a state that does not begin as this release's do."""
    if payload.startswith(MAGIC):
        schema = int.from_bytes(payload[len(MAGIC) : len(_BEGINS_WITH)], "big")
        raise DeploymentError(
            f"A user's state has schema {schema}; this detector reads up to {STATE_SCHEMA}.", "Upgrade the detector."
        )
    return state_v1.read(payload)


def broken_state() -> DeploymentError:
    return DeploymentError(
        "A user's state does not decode: its counts do not fit its length.", "Restore an earlier savepoint."
    )


@warm_up
def _upgrade_and_encode() -> None:
    decode_state(encode_state(decode_state(state_v1.EMPTY)))
