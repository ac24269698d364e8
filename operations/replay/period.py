"""Which part of a file is replayed, and how much that is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Period:
    """Event times from `first_ms` to before `stop_ms`; None leaves an end open."""

    first_ms: int | None = None
    stop_ms: int | None = None

    def holds(self, time_ms: int) -> bool:
        """Whether the time lies in it."""
        after = self.first_ms is None or time_ms >= self.first_ms
        return after and (self.stop_ms is None or time_ms < self.stop_ms)

    def among(self, times: NDArray[np.int64]) -> slice:
        """Which part of the sorted times lies in it."""
        first = 0 if self.first_ms is None else int(np.searchsorted(times, self.first_ms))
        return slice(first, None if self.stop_ms is None else int(np.searchsorted(times, self.stop_ms)))


@dataclass(frozen=True)
class Extent:
    """What a replay has before it: how many rows, from when to when."""

    rows: int
    first_ms: int
    last_ms: int
