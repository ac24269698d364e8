"""How many distinct merchants, devices, IP addresses, cards and countries the user paid with in each sliding window.

A name counts in every window that its latest use falls in. The latest use is among the payments that are kept one by
one, or else with the known names of compacted ones, of which a state holds `MAX_KNOWN` of each kind. A late payment may
come before the latest use of a compacted name; the name then counts in no window.
"""

from math import log1p
from typing import Any

import numpy as np

from detector.names import NO_NAME, place_of
from detector.records import Bytes
from detector.state import CARD, COUNTRY, DEVICE, IP, MAX_KNOWN, MERCHANT, header_of, known_of, recent_of
from weir.compiled import Floats, compiled
from weir.feature_schema import DISTINCT, WINDOWS

_KIND_OF = {"merchants": MERCHANT, "devices": DEVICE, "ips": IP, "cards": CARD, "countries": COUNTRY}
_KINDS = tuple(_KIND_OF[names] for names in DISTINCT)

WINDOWS_MS = np.array(list(WINDOWS.values()))

_LOGS = np.log1p(np.arange(4.0 * MAX_KNOWN)).astype(np.float32)
"""log(1 + names), as messages carry it; for larger numbers it is computed."""


@compiled
def count_distinct_names(state: Bytes, earlier: int, time_ms: float, vector: Floats, first: int) -> int:
    """Write log(1 + names) of each kind and window, in the schema's order, from a place on; return the place behind."""
    last = first + len(_KINDS) * len(WINDOWS_MS)
    counts = vector[first:last]
    counts[:] = 0.0
    _count_known(state, time_ms, counts)
    _count_recent(state, earlier, time_ms, counts)
    for at in range(0, len(counts), len(WINDOWS_MS)):
        inside = 0
        for window in range(at, at + len(WINDOWS_MS)):
            inside += int(counts[window])
            counts[window] = _LOGS[inside] if inside < len(_LOGS) else np.float32(log1p(inside))
    return last


@compiled
def _count_known(state: Bytes, time_ms: float, counts: Floats) -> None:
    """Count each name of compacted payments in the shortest window that its latest use among them is in."""
    for nth in range(len(_KINDS)):
        known = known_of(state, _KINDS[nth])
        for place in range(header_of(state).known[_KINDS[nth]]):
            _add(counts, nth, _window_of(time_ms - known[place].last_ms), 1.0)


@compiled
def _count_recent(state: Bytes, earlier: int, time_ms: float, counts: Floats) -> None:
    """Count each name of the first `earlier` recent payments likewise; one that is known moves to its later use."""
    recent, header = recent_of(state), header_of(state)
    for place in range(earlier):
        window = _window_of(time_ms - recent[place].time_ms)
        for nth in range(len(_KINDS)):
            name = recent[place].names[_KINDS[nth]]
            if name != NO_NAME and not _is_used_later(recent, place, earlier, _KINDS[nth], name):
                _add(counts, nth, window, 1.0)
                known = known_of(state, _KINDS[nth])
                compacted = place_of(known, header.known[_KINDS[nth]], name)
                if compacted < header.known[_KINDS[nth]]:
                    _add(counts, nth, _window_of(time_ms - known[compacted].last_ms), -1.0)


@compiled
def _window_of(age_ms: float) -> int:
    """Return the shortest window that a use of this age is in; the number of windows if it is in none, or in the future."""
    window = len(WINDOWS_MS)
    if age_ms < 0:
        return window
    while window > 0 and age_ms < WINDOWS_MS[window - 1]:
        window -= 1
    return window


@compiled
def _add(counts: Floats, nth: int, window: int, change: float) -> None:
    if window < len(WINDOWS_MS):
        counts[nth * len(WINDOWS_MS) + window] += change


@compiled
def _is_used_later(recent: Any, place: int, earlier: int, kind: int, name: int) -> bool:
    """Whether a later one of the first `earlier` payments has the name; the next are looked at first, as names repeat."""
    for later in range(place + 1, earlier):  # noqa: SIM110 -- Numba compiles no generators
        if recent[later].names[kind] == name:
            return True
    return False
