"""Records in arrays of bytes: the same code reads them compiled and as plain Python."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weir.compiled import compiled

Bytes = NDArray[np.uint8]

BYTE = np.dtype(np.uint8)
INTEGER = np.dtype(np.int64)
NUMBER = np.dtype(np.float64)


def record(*fields: tuple[Any, ...]) -> np.dtype[Any]:
    """Return a record's dtype; plain Python then reads its fields as attributes, as Numba does.

    Raises:
        ValueError: NumPy's own records have an attribute of that name, which plain Python would read instead.
    """
    if taken := [name for name, *_ in fields if hasattr(np.record, name)]:
        raise ValueError(f"A record cannot have a field called {taken[0]!r}.")
    return np.dtype((np.record, list(fields)))


@compiled
def flag(holds: bool) -> float:
    """Return 1 for true and 0 for false; compiled code has no `float(bool)`."""
    return 1.0 if holds else 0.0
