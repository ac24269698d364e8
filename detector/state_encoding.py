"""A user's state as bytes: a prefix with the schema version, then the records in use."""

import numpy as np

from detector import state_v1, state_v3
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
from weir.compiled import Integers, compiled, warm_up
from weir.errors import DeploymentError

STATE_SCHEMA = 4
"""Schema 1 is 0.1.0's (`detector.state_v1`), and 3 had no last uses (`detector.state_v3`); 2 never left its branch."""

_WITHOUT_LAST_USES = 3

MAGIC = b"weir"
PREFIX = MAGIC + STATE_SCHEMA.to_bytes(4, "big")

_WORD = INTEGER.itemsize
"""Everything in a state is copied in whole words; the prefix is one."""

_PREFIX_WORD = int(np.frombuffer(PREFIX, INTEGER)[0])
_WHOLE = (HEADER_END + 2 * HABITS.itemsize) // _WORD  # the part that every encoded state has: header and habits

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
    words, to = state.view(INTEGER), payload.view(INTEGER)
    to[0] = _PREFIX_WORD
    end = _copy(words, 0, to, 1, _WHOLE)
    for section in range(len(_BEGINS)):
        end = _copy(words, _BEGINS[section] // _WORD, to, end, words[section] * _LENGTHS[section] // _WORD)
    return end * _WORD


@compiled
def unpack(payload: Bytes, state: Bytes) -> int:
    """Decode a state into an array; return `DONE`.

    The result is `BROKEN` if the counts do not fit the bytes, and `NO_ROOM` if the array is too short.
    """
    if len(payload) < (1 + _WHOLE) * _WORD or len(payload) % _WORD:
        return BROKEN
    words, to = payload.view(INTEGER), state.view(INTEGER)
    _copy(words, 1, to, 0, _WHOLE)
    end = 1 + _WHOLE
    for section in range(len(_BEGINS)):
        count, begin = to[section], _BEGINS[section] // _WORD
        length = count * _LENGTHS[section] // _WORD
        if not 0 <= count <= _MOST[section] or length * _WORD != count * _LENGTHS[section] or end + length > len(words):
            return BROKEN
        if begin + length > len(to):
            return NO_ROOM
        end += _copy(words, end, to, begin, length) - begin
    return DONE if end == len(words) else BROKEN


@compiled
def _copy(words: Integers, begin: int, to: Integers, at: int, count: int) -> int:
    """Copy words, eight bytes at a time; return where the next go."""
    for nth in range(count):
        to[at + nth] = words[begin + nth]
    return at + count


def encode_state(state: Bytes) -> bytes:
    """Encode a state: a prefix with the schema version, then the records in use."""
    payload = np.empty(len(PREFIX) + len(state), np.uint8)
    return payload[: pack(state, payload)].tobytes()


def encoded(payload: bytes | None) -> bytes:
    """Return an encoded state of this release: None gives a fresh one, and an earlier one is upgraded.

    Raises:
        DeploymentError: another detector wrote the bytes, or they are not a state.
    """
    if payload is None:
        return _FRESH
    return payload if payload.startswith(PREFIX) else _upgraded(payload)


def decode_state(payload: bytes | None) -> Bytes:
    """Decode a state; None gives a fresh one, and an earlier one is upgraded.

    Raises:
        DeploymentError: another detector wrote the bytes, or they are not a state.
    """
    array = np.frombuffer(encoded(payload), np.uint8)
    state = fresh_state(len(array) // EVENT.itemsize)
    if unpack(array, state) != DONE:
        raise broken_state()
    return state


_FRESH = PREFIX + bytes(_WHOLE * _WORD)


def _upgraded(payload: bytes) -> bytes:
    """Upgrade a state that does not begin as this release's do."""
    if not payload.startswith(MAGIC):
        return encode_state(state_v1.read(payload))
    schema = int.from_bytes(payload[len(MAGIC) : len(PREFIX)], "big")
    if schema == _WITHOUT_LAST_USES:
        return PREFIX + state_v3.widened(payload[len(PREFIX) :], [kind for _, kind, _ in _SECTIONS])
    raise DeploymentError(
        f"A user's state has schema {schema}; this detector reads {STATE_SCHEMA}, {_WITHOUT_LAST_USES} and 0.1.0's.",
        "Run the release that wrote the state.",
    )


def broken_state() -> DeploymentError:
    return DeploymentError(
        "A user's state does not decode: its counts do not fit its length.", "Restore an earlier savepoint."
    )


@warm_up
def _upgrade_and_encode() -> None:
    decode_state(encode_state(decode_state(state_v1.EMPTY)))
