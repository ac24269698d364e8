"""Arrays in one array of bytes: each argument costs a call of compiled code .2 µs, and these are one argument.

where part 0 begins and ends, where part 1 does, ... | part 0 | part 1 | ...
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weir.compiled import compiled

Bytes = NDArray[np.uint8]

_WORD = 8
"""Every part begins at a multiple of this, where any number may stand."""


def packed(arrays: Sequence[NDArray[Any]]) -> Bytes:
    """Return the arrays in one."""
    bounds, parts, end = [], [], 2 * _WORD * len(arrays)
    for array in arrays:
        bounds += [end, end + array.nbytes]
        parts += [array.tobytes(), bytes(-array.nbytes % _WORD)]
        end += len(parts[-2]) + len(parts[-1])
    return np.frombuffer(np.array(bounds, np.int64).tobytes() + b"".join(parts), np.uint8)


@compiled
def part_of(arrays: Bytes, nth: int) -> Bytes:
    """Return the bytes of an array."""
    bounds = arrays[2 * _WORD * nth : 2 * _WORD * (nth + 1)].view(np.int64)
    return arrays[bounds[0] : bounds[1]]
