"""The verdicts of the file. The loop sees only the labels that are due; the rest serves to measure its scores."""

import math
from collections.abc import Iterable, Iterator

import pandas as pd

from operations.harness.observed import ObservedScore
from operations.replay.mapping import Mapping
from operations.replay.period import Extent
from operations.replay.quality import Protocol, Quality, assess
from operations.replay.rows import Row
from weir.messages import Verdict
from weir.topics import DAY_MS


def protocol_of(mapping: Mapping, extent: Extent, first_ms: int | None, last_ms: int | None) -> Protocol:
    """The days to assess, both inclusive. Without arguments these are all replayed days."""
    delay_s = mapping.label.delay_s if mapping.label else 0.0
    return Protocol(
        first_day=(extent.first_ms if first_ms is None else first_ms) // DAY_MS,
        last_day=(extent.last_ms if last_ms is None else last_ms) // DAY_MS,
        delay_days=math.ceil(delay_s * 1000 / DAY_MS),
    )


class KnownVerdicts:
    """Keeps the verdicts of the assessed days, and every fraud, because an earlier one can make a card known."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._verdicts: dict[str, Verdict] = {}
        self._frauds: list[tuple[int, str]] = []

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows unchanged and keep their verdicts."""
        for row in rows:
            day = row.event_time_ms // DAY_MS
            if row.verdict is not None and self._assessed(day):
                self._verdicts[row.transaction.transaction_id] = row.verdict
            if row.verdict == "fraud":
                self._frauds.append((day, row.transaction.user_id))
            yield row

    def keeps(self, score: ObservedScore) -> bool:
        """Whether the score lies on an assessed day."""
        return self._assessed(score.event_time_ms // DAY_MS)

    def judge(self, scores: Iterable[ObservedScore]) -> Quality | None:
        """The quality of the scores, or None if no transaction of the assessed days has a verdict."""
        judged = [
            (score.event_time_ms // DAY_MS, score.user_id, int(verdict == "fraud"), score.score)
            for score in scores
            if (verdict := self._verdicts.get(score.transaction_id)) is not None
        ]
        if not judged:
            return None
        scored = pd.DataFrame(judged, columns=["day", "card", "fraud", "score"])
        return assess(scored, pd.DataFrame(self._frauds, columns=["day", "card"]), self._protocol)

    def _assessed(self, day: int) -> bool:
        return self._protocol.first_day <= day <= self._protocol.last_day
