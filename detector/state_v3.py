"""States of schema 3, whose known names lack the time of the last use: widened when they are read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.names import NAME
from detector.records import INTEGER, record
from detector.state import COMPACTED, HABITS, HEADER

_NAME = record(("name", INTEGER), ("first_ms", INTEGER))


def widened(payload: bytes, kinds: Sequence[np.dtype[Any]]) -> bytes:
    """Return the records with wider names, without the prefix; `kinds` are the sections' records in order.

    Nothing is returned of a payload that is no state. Names are in the order of their last use: the last one was used by
    the last compacted payment at the latest, which is taken for its last use; of the others only the first use is known.
    """
    at = HEADER.itemsize + 2 * HABITS.itemsize
    if len(payload) < at:
        return b""
    whole, counts = payload[:at], np.frombuffer(payload, INTEGER, len(kinds)).tolist()
    last_ms = int(np.frombuffer(payload[HEADER.itemsize :], HABITS, 2)["last_ms"][COMPACTED])
    parts = [whole]
    for kind, count in zip(kinds, counts, strict=True):
        length = count * (_NAME if kind is NAME else kind).itemsize
        section = payload[at : at + length]
        if len(section) != length:
            return b""
        parts.append(_names(section, last_ms) if kind is NAME else section)
        at += length
    return b"".join([*parts, payload[at:]])


def _names(section: bytes, last_ms: int) -> bytes:
    known = np.frombuffer(section, _NAME)
    names = np.empty(len(known), NAME)
    names["name"], names["first_ms"], names["last_ms"] = known["name"], known["first_ms"], known["first_ms"]
    names["last_ms"][-1:] = np.maximum(names["last_ms"][-1:], last_ms)
    return names.tobytes()
