"""Fields that a payment names twice: the last one counts here, and another reader may have taken the first.

Of a usual payment only the fields are counted that say whose and which payment it is, when and how much: one pass over its
bytes finds them, where a second parse would double the cost of reading it.
"""

import numpy as np

from weir.compiled import compiled, warm_up
from weir.payments import MOST_FLAGS, flags_of_doubled

DECISIVE = (b'"transaction_id"', b'"user_id"', b'"amount"', b'"currency"', b'"event_time"')
"""Names, as JSON has them, that are counted in every payment. No two begin with the same letter."""

_QUOTE = ord('"')
_LENGTHS = np.array([len(name) for name in DECISIVE])
_TEXTS = np.array([list(name.ljust(max(_LENGTHS))) for name in DECISIVE], np.uint8)
_NONE = len(DECISIVE)
_BY_FIRST = np.full(256, _NONE)
_BY_FIRST[_TEXTS[:, 1]] = range(len(DECISIVE))


def with_doubled(flags: list[str], payload: bytes) -> list[str]:
    """Add the flags of fields that are named twice, if a decisive name seems to be; it may also be a value."""
    if not _has_twice(payload):
        return flags
    return list(dict.fromkeys([*flags_of_doubled(payload), *flags]))[:MOST_FLAGS]


@compiled
def _has_twice(payload: bytes) -> bool:
    """Whether a decisive name stands in the payload twice."""
    seen = 0
    for at in range(len(payload) - 1):
        if payload[at] == _QUOTE:
            name = _BY_FIRST[payload[at + 1]]
            if name != _NONE and _stands_at(payload, at, name):
                if seen >> name & 1:
                    return True
                seen |= 1 << name
    return False


@compiled
def _stands_at(payload: bytes, at: int, name: int) -> bool:
    if at + _LENGTHS[name] > len(payload):
        return False
    for nth in range(2, _LENGTHS[name]):  # noqa: SIM110 -- Numba compiles no generators
        if payload[at + nth] != _TEXTS[name, nth]:
            return False
    return True


@warm_up
def _search() -> None:
    with_doubled([], b"{}")
