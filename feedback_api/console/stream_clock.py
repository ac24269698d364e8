"""The transactions' clock beside the clock on the wall: how fast event time passes, told by the alerts themselves."""

from collections import deque
from statistics import median
from typing import NamedTuple

OVER_MS = 10_000
AT_LEAST_MS = 2000
EVERY_MS = 250
DELAYS = 50


class Tick(NamedTuple):
    """The newest event time at a wall time."""

    wall_ms: int
    event_ms: int


class StreamClock:
    """Folds when events happened and when they were scored."""

    def __init__(self) -> None:
        self._ticks: deque[Tick] = deque()
        self._delays: deque[int] = deque(maxlen=DELAYS)
        self.event_time_ms: int | None = None

    def saw(self, event_ms: int, wall_ms: int) -> None:
        """An event of that time was scored then."""
        self.event_time_ms = max(event_ms, self.event_time_ms or 0)
        if self._ticks and wall_ms - self._ticks[-1].wall_ms < EVERY_MS:
            return
        self._ticks.append(Tick(wall_ms, self.event_time_ms))
        while wall_ms - self._ticks[0].wall_ms > OVER_MS:
            self._ticks.popleft()

    def labelled(self, delay_ms: int) -> None:
        """A verdict came that long after its transaction, on the transactions' clock."""
        self._delays.append(max(0, delay_ms))

    def speed(self, now_ms: int) -> float | None:
        """How much event time passes in a second of wall time; None where the last seconds do not tell."""
        if len(self._ticks) < 2 or now_ms - self._ticks[-1].wall_ms > OVER_MS:  # noqa: PLR2004 a speed needs two
            return None
        first, last = self._ticks[0], self._ticks[-1]
        wall_ms = last.wall_ms - first.wall_ms
        return (last.event_ms - first.event_ms) / wall_ms if wall_ms >= AT_LEAST_MS else None

    def label_delay_ms(self) -> float | None:
        """The usual delay of the latest verdicts, on the transactions' clock."""
        return median(self._delays) if self._delays else None
