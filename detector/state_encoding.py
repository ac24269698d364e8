"""A user's state as bytes: a prefix with the schema version, the records in use, then the remembered decisions."""

from struct import Struct

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


@compiled
def _pack(state: Bytes, packed: Bytes) -> int:
    """Copy what is used; return its length."""
    packed[:_WHOLE] = state[:_WHOLE]
    counts, end = state[:HEADER_END].view(INTEGER), _WHOLE
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        packed[end : end + length] = state[_BEGINS[section] : _BEGINS[section] + length]
        end += length
    return end


@compiled
def _unpack(packed: Bytes, state: Bytes) -> int:
    """Copy what is used back to its places; return its length, or -1 if the counts do not fit."""
    state[:_WHOLE] = packed[:_WHOLE]
    counts, end = state[:HEADER_END].view(INTEGER), _WHOLE
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        if counts[section] < 0 or end + length > len(packed):
            return -1
        if section < len(_MOST) and counts[section] > _MOST[section]:
            return -1
        state[_BEGINS[section] : _BEGINS[section] + length] = packed[end : end + length]
        end += length
    return end


_RECENT_AT = _PREFIX.size + INTEGER.itemsize * len(_MOST)  # its count comes after the others


def encode_state(state: UserState) -> bytes:
    """Encode a state: a prefix with the schema version, the records in use, then the decisions."""
    packed = np.empty(len(state.array), np.uint8)
    prefix = _PREFIX.pack(MAGIC, STATE_SCHEMA, state.decided_count)
    return prefix + packed[: _pack(state.array, packed)].tobytes() + state.decided


def decode_state(payload: bytes | None) -> UserState:
    """Decode a state; None gives a fresh one, and a state of 0.1.0 is upgraded.

    Raises:
        DeploymentError: a newer detector wrote the bytes, or they are not a state.
    """
    if payload is None:
        return UserState()
    if not payload.startswith(_BEGINS_WITH):
        return _foreign(payload)
    packed = np.frombuffer(payload, np.uint8, offset=_PREFIX.size)
    recent = int.from_bytes(payload[_RECENT_AT : _RECENT_AT + INTEGER.itemsize], "little", signed=True)
    if not 0 <= recent * EVENT.itemsize <= len(packed) - _WHOLE:
        raise _broken()
    state = UserState(recent)
    end = _unpack(packed, state.array)
    if end < 0:
        raise _broken()
    state.decided, (_, _, state.decided_count) = payload[_PREFIX.size + end :], _PREFIX.unpack_from(payload)
    return state


def _foreign(payload: bytes) -> UserState:
    """Read a state that does not begin as this release's do."""
    if payload.startswith(MAGIC):
        schema = int.from_bytes(payload[len(MAGIC) : len(_BEGINS_WITH)], "big")
        raise DeploymentError(
            f"A user's state has schema {schema}; this detector reads up to {STATE_SCHEMA}.", "Upgrade the detector."
        )
    return state_v1.read(payload)


def _broken() -> DeploymentError:
    return DeploymentError(
        "A user's state does not decode: its counts do not fit its length.", "Restore an earlier savepoint."
    )


@warm_up
def _upgrade_and_encode() -> None:
    decode_state(encode_state(decode_state(state_v1.EMPTY)))
