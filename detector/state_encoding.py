"""A user's state as bytes: a prefix with the schema version, then the records in use."""

import numpy as np

from detector import state_v1
from detector.names import NAME
from detector.records import BYTE, INTEGER, Bytes
from detector.state import (
    CHALLENGES_END,
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
    SEEN_BYTES,
    SEEN_END,
    TRIPS_END,
    fresh_state,
)
from weir.compiled import compiled, warm_up
from weir.errors import DeploymentError

STATE_SCHEMA = 3
"""Schema 1 is 0.1.0's (`detector.state_v1`); 2 was never released."""

MAGIC = b"weir"
PREFIX = MAGIC + STATE_SCHEMA.to_bytes(4, "big")

_BEGIN = len(PREFIX)
_PREFIX_ARRAY = np.frombuffer(PREFIX, np.uint8)
_WHOLE = HEADER_END + 2 * HABITS.itemsize  # the part that every encoded state has: header and habits

_NO_BOUND = 2**40

# The other sections in the order of the header's counts: where each begins, the length of one record, the most records.
_SECTIONS = [
    (HABITS_END, PANE, MAX_PANES),
    *((PANES_END + kind * KNOWN_BYTES, NAME, MAX_KNOWN) for kind in KINDS),
    (KNOWN_END, MEAN, MAX_KNOWN),
    (MEANS_END, NAME, MAX_KNOWN),
    (CONFIRMED_END, NOTE, MAX_NOTES),
    (TRIPS_END, NOTE, MAX_NOTES),
    (CHALLENGES_END, BYTE, SEEN_BYTES),
    (SEEN_END, BYTE, SEEN_BYTES),
    (RECENT_AT, EVENT, _NO_BOUND),
]
_BEGINS = np.array([begin for begin, _, _ in _SECTIONS])
_LENGTHS = np.array([kind.itemsize for _, kind, _ in _SECTIONS])
_MOST = np.array([most for _, _, most in _SECTIONS])

DONE, BROKEN, NO_ROOM = range(3)


@compiled
def pack(state: Bytes, payload: Bytes) -> int:
    """Encode a state into an array that is long enough; return the length."""
    payload[:_BEGIN] = _PREFIX_ARRAY
    end = _BEGIN + _WHOLE
    payload[_BEGIN:end] = state[:_WHOLE]
    counts = state[:HEADER_END].view(INTEGER)
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        payload[end : end + length] = state[_BEGINS[section] : _BEGINS[section] + length]
        end += length
    return end


@compiled
def unpack(payload: Bytes, state: Bytes) -> int:
    """Decode a state into an array; return `DONE`.

    The result is `BROKEN` if the counts do not fit the bytes, and `NO_ROOM` if the array is too short.
    """
    end = _BEGIN + _WHOLE
    if len(payload) < end:
        return BROKEN
    state[:_WHOLE] = payload[_BEGIN:end]
    counts = state[:HEADER_END].view(INTEGER)
    for section in range(len(_BEGINS)):
        length = counts[section] * _LENGTHS[section]
        if not 0 <= counts[section] <= _MOST[section] or end + length > len(payload):
            return BROKEN
        if _BEGINS[section] + length > len(state):
            return NO_ROOM
        state[_BEGINS[section] : _BEGINS[section] + length] = payload[end : end + length]
        end += length
    return DONE if end == len(payload) else BROKEN


def encode_state(state: Bytes) -> bytes:
    """Encode a state: a prefix with the schema version, then the records in use."""
    payload = np.empty(_BEGIN + len(state), np.uint8)
    return payload[: pack(state, payload)].tobytes()


def encoded(payload: bytes | None) -> Bytes:
    """Return an encoded state as an array; None gives a fresh one, and a state of 0.1.0 is upgraded.

    Raises:
        DeploymentError: another detector wrote the bytes, or they are not a state.
    """
    if payload is None:
        return _FRESH
    if not payload.startswith(PREFIX):
        payload = encode_state(_foreign(payload))
    return np.frombuffer(payload, np.uint8)


def decode_state(payload: bytes | None) -> Bytes:
    """Decode a state; None gives a fresh one, and a state of 0.1.0 is upgraded.

    Raises:
        DeploymentError: another detector wrote the bytes, or they are not a state.
    """
    array = encoded(payload)
    state = fresh_state(len(array) // EVENT.itemsize)
    if unpack(array, state) != DONE:
        raise broken_state()
    return state


_FRESH = np.frombuffer(PREFIX + bytes(_WHOLE), np.uint8)


def _foreign(payload: bytes) -> Bytes:
    """Read a state that does not begin as this release's do."""
    if payload.startswith(MAGIC):
        schema = int.from_bytes(payload[len(MAGIC) : _BEGIN], "big")
        raise DeploymentError(
            f"A user's state has schema {schema}; this detector reads {STATE_SCHEMA} and 0.1.0's.",
            "Run the release that wrote the state.",
        )
    return state_v1.read(payload)


def broken_state() -> DeploymentError:
    return DeploymentError(
        "A user's state does not decode: its counts do not fit its length.", "Restore an earlier savepoint."
    )


@warm_up
def _upgrade_and_encode() -> None:
    decode_state(encode_state(decode_state(state_v1.EMPTY)))
