"""How many distinct merchants, devices, IP addresses, cards and countries the user paid with in each sliding window.

A name is in a window if its latest use is. The latest use is among the payments that are kept one by one, or else with
the known names of compacted ones, of which a state holds `MAX_KNOWN` of each kind.
"""

from math import log1p
from typing import Any

import numpy as np

from detector.names import NO_NAME, place_of
from detector.records import Bytes
from detector.state import CARD, COUNTRY, DEVICE, IP, MERCHANT, header_of, known_of, recent_of
from detector.windows import WINDOWS_MS
from weir.compiled import Floats, compiled
from weir.feature_schema import DISTINCT

_KIND_OF = {"merchants": MERCHANT, "devices": DEVICE, "ips": IP, "cards": CARD, "countries": COUNTRY}
_KINDS = tuple(_KIND_OF[names] for names in DISTINCT)


@compiled
def count_distinct_names(state: Bytes, earlier: int, time_ms: float, vector: Floats, first: int) -> int:
    """Write log(1 + names) of each kind and window, in the schema's order, from a place on; return the place behind."""
    for kind in _KINDS:
        counts = vector[first : first + len(WINDOWS_MS)]
        counts[:] = 0.0
        _count_latest_uses(state, earlier, time_ms, kind, counts)
        inside = 0.0
        for window in range(len(counts)):
            inside += counts[window]
            counts[window] = np.float32(log1p(inside))
        first += len(counts)
    return first


@compiled
def _count_latest_uses(state: Bytes, earlier: int, time_ms: float, kind: int, counts: Floats) -> None:
    """Count each name in the shortest window that its latest use is in."""
    recent, known, known_count = recent_of(state), known_of(state, kind), header_of(state).known[kind]
    for place in range(known_count):
        _count(counts, time_ms - known[place].last_ms, 1.0)
    for place in range(earlier - 1, -1, -1):
        name = recent[place].names[kind]
        if name != NO_NAME and not _is_used_later(recent, place, earlier, kind, name):
            _count(counts, time_ms - recent[place].time_ms, 1.0)
            compacted = place_of(known, known_count, name)
            if compacted < known_count:
                _count(counts, time_ms - known[compacted].last_ms, -1.0)


@compiled
def _count(counts: Floats, age_ms: float, change: float) -> None:
    for window in range(len(counts)):
        if age_ms < WINDOWS_MS[window]:
            counts[window] += change
            return


@compiled
def _is_used_later(recent: Any, place: int, earlier: int, kind: int, name: int) -> bool:
    """Whether a later one of the first `earlier` payments has the name; the next are looked at first, as names repeat."""
    for later in range(place + 1, earlier):  # noqa: SIM110 -- Numba compiles no generators
        if recent[later].names[kind] == name:
            return True
    return False
