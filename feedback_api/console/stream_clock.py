"""The transactions' clock beside wall time. The speed of event time is measured on the alerts."""

from collections import deque
from statistics import median
from typing import NamedTuple

OVER_MS = 10_000
AT_LEAST_MS = 2000
EVERY_MS = 250
"""The speed is measured over the last 10 s and at least 2 s, with a sample every 250 ms. Round numbers; not measured."""

DELAYS = 50


class Tick(NamedTuple):
    """The newest event time at a wall time."""

    wall_ms: int
    event_ms: int


class StreamClock:
    """Tracks when events happened, when they were scored and when they were labelled."""

    def __init__(self) -> None:
        self._ticks: deque[Tick] = deque()
        self._delays: deque[int] = deque(maxlen=DELAYS)
        self.event_time_ms: int | None = None

    def saw(self, event_ms: int, wall_ms: int) -> None:
        """Record that an event of that time was scored at that wall time. A late event does not turn the clock back."""
        self.event_time_ms = max(event_ms, self.event_time_ms or 0)
        if self._ticks and wall_ms - self._ticks[-1].wall_ms < EVERY_MS:
            return
        self._ticks.append(Tick(wall_ms, self.event_time_ms))
        while wall_ms - self._ticks[0].wall_ms > OVER_MS:
            self._ticks.popleft()

    def labelled(self, delay_ms: int) -> None:
        """Record a verdict's delay after its transaction, on the transactions' clock."""
        self._delays.append(max(0, delay_ms))

    def speed(self, now_ms: int) -> float | None:
        """Seconds of event time per second of wall time, or None if the last seconds hold too few alerts."""
        if len(self._ticks) < 2 or now_ms - self._ticks[-1].wall_ms > OVER_MS:  # noqa: PLR2004 a speed needs two
            return None
        first, last = self._ticks[0], self._ticks[-1]
        wall_ms = last.wall_ms - first.wall_ms
        return (last.event_ms - first.event_ms) / wall_ms if wall_ms >= AT_LEAST_MS else None

    def label_delay_ms(self) -> float | None:
        """The median delay of the latest verdicts, on the transactions' clock."""
        return median(self._delays) if self._delays else None
