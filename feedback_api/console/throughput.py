"""Transactions a second, from the ledger's counts, and the part to blame if the stream is silent."""

from bisect import bisect_right
from collections import deque
from itertools import pairwise
from typing import NamedTuple

from weir.messages import Counts

WINDOW_MS, BUCKET_MS = 120_000, 2000
"""The chart has 60 values. Round numbers; not measured."""

RATE_OVER_MS = 5000
"""The ledger counts every half second, so a rate covers about ten counts. A round number; not measured."""

SILENT_AFTER_MS = 5000
"""A stream that scored nothing for this long is reported as silent. A round number; not measured."""


class Silence(NamedTuple):
    """Nothing was scored since `since_ms` (None: no counts yet)."""

    since_ms: int | None
    sentence: str


class Throughput:
    """Applies counts. Times are the ledger's wall times, so reading old records fast does not inflate the rate."""

    def __init__(self) -> None:
        self._counted: deque[Counts] = deque()
        self._progress: Counts | None = None

    @property
    def begun(self) -> bool:
        """Whether any counts have arrived."""
        return self._progress is not None

    def apply(self, counts: Counts) -> None:
        if self._progress is None or counts.scored > self._progress.scored:
            self._progress = counts
        self._counted.append(counts)
        while counts.counted_at_ms - self._counted[0].counted_at_ms > WINDOW_MS:
            self._counted.popleft()

    def per_second(self, now_ms: int) -> float:
        """Transactions scored a second, averaged over RATE_OVER_MS."""
        recent = [counts for counts in self._counted if counts.counted_at_ms >= now_ms - RATE_OVER_MS]
        return _rate(recent[0], recent[-1]) if recent else 0.0

    def series(self, now_ms: int) -> list[float]:
        """Transactions a second over WINDOW_MS, one value per BUCKET_MS, oldest first."""
        if not self._counted:
            return [0.0] * (WINDOW_MS // BUCKET_MS)
        last_ms = self._counted[-1].counted_at_ms
        end_ms = last_ms if now_ms - last_ms < BUCKET_MS else now_ms
        times = [float(counts.counted_at_ms) for counts in self._counted]
        scored = [float(counts.scored) for counts in self._counted]
        edges = range(end_ms - WINDOW_MS, end_ms + 1, BUCKET_MS)
        totals = [_between(times, scored, edge) for edge in edges]
        return [(after - before) * 1000 / BUCKET_MS for before, after in pairwise(totals)]

    def silence(self, now_ms: int) -> Silence | None:
        """The silence, or None if something was scored in the last SILENT_AFTER_MS."""
        if self._progress is None:
            return Silence(None, "No transactions counted yet")
        since_ms = self._progress.counted_at_ms
        if now_ms - since_ms <= SILENT_AFTER_MS:
            return None
        latest = self._counted[-1]
        if latest.transactions_sent > self._progress.transactions_sent:
            return Silence(since_ms, "Transactions arrive, but the detector has scored none")
        return Silence(since_ms, "No transactions")


def _between(times: list[float], totals: list[float], at: float) -> float:
    """Interpolate the total at a time; before the first and after the last count it is constant."""
    place = bisect_right(times, at)
    if place in {0, len(times)}:
        return totals[0] if place == 0 else totals[-1]
    before, after = times[place - 1], times[place]
    return totals[place - 1] + (totals[place] - totals[place - 1]) * (at - before) / (after - before)


def _rate(first: Counts, last: Counts) -> float:
    elapsed_ms = last.counted_at_ms - first.counted_at_ms
    return (last.scored - first.scored) * 1000 / elapsed_ms if elapsed_ms > 0 else 0.0
