"""The part of a file to replay, and its size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Period:
    """Event times from `first_ms` (inclusive) to `stop_ms` (exclusive). None means no limit."""

    first_ms: int | None = None
    stop_ms: int | None = None

    def holds(self, time_ms: int) -> bool:
        after = self.first_ms is None or time_ms >= self.first_ms
        return after and (self.stop_ms is None or time_ms < self.stop_ms)

    def among(self, times: NDArray[np.int64]) -> slice:
        """The slice of the sorted times that lies in the period."""
        first = 0 if self.first_ms is None else int(np.searchsorted(times, self.first_ms))
        return slice(first, None if self.stop_ms is None else int(np.searchsorted(times, self.stop_ms)))


@dataclass(frozen=True)
class Extent:
    """The size of a replay: the number of rows, and the first and last event time."""

    rows: int
    first_ms: int
    last_ms: int
