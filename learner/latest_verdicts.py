"""The latest verdicts in force on an entity's payments, and the run of frauds that they end with.

    legitimate   .   .     .
    frauds         .     .   . . .
    run                      |---|   frauds since the last legitimate payment, by event time

The order in which verdicts arrive does not matter, and neither does a verdict that was withdrawn (docs/adr/0028).
"""

from bisect import bisect_left, insort
from typing import NamedTuple

from msgspec import Struct

MOST_FRAUDS = 64
"""A longer run counts as 64; its logarithm, which the model sees, then hardly grows. A round number; not measured."""

MOST_LEGITIMATE = 8
"""Legitimate payments whose times are kept, in case their verdicts are withdrawn (docs/adr/0028)."""


class FraudRun(NamedTuple):
    """Frauds in a row, the first one's time, and the sum of how ordinary their amounts were, 0 to 1 each."""

    frauds: int
    since_ms: int | None
    unexplained: float


class LatestVerdicts(Struct):
    """Times of the latest legitimate payments and frauds, each in order, a fraud with how ordinary its amount was.

    Two payments at the same time are alike, so their ids are not needed. `older_ms` is the time of the latest legitimate
    payment that is no longer kept; it counts as in force while any legitimate payment does.
    """

    legitimate: tuple[int, ...] = ()
    frauds: tuple[tuple[int, float], ...] = ()
    older_ms: int | None = None

    @property
    def last_legitimate_ms(self) -> int | None:
        return self.legitimate[-1] if self.legitimate else self.older_ms

    @property
    def last_fraud_ms(self) -> int | None:
        return self.frauds[-1][0] if self.frauds else None

    def run(self) -> FraudRun:
        """Return the frauds since the last legitimate payment. At the same time, the fraud counts as the later one."""
        first = 0 if self.last_legitimate_ms is None else bisect_left(self.frauds, (self.last_legitimate_ms,))
        run = self.frauds[first:]
        return FraudRun(len(run), run[0][0] if run else None, sum(ordinary for _, ordinary in run))

    def add_legitimate(self, time_ms: int) -> None:
        times = [*self.legitimate]
        insort(times, time_ms)
        if len(times) > MOST_LEGITIMATE:
            oldest_ms = times.pop(0)
            self.older_ms = oldest_ms if self.older_ms is None else max(self.older_ms, oldest_ms)
        self.legitimate = tuple(times)

    def add_fraud(self, time_ms: int, ordinary: float) -> None:
        frauds = [*self.frauds]
        insort(frauds, (time_ms, ordinary))
        self.frauds = tuple(frauds[-MOST_FRAUDS:])

    def withdraw_legitimate(self, time_ms: int) -> bool:
        """Forget a legitimate payment. Return whether it was known."""
        if time_ms in self.legitimate:
            place = self.legitimate.index(time_ms)
            self.legitimate = self.legitimate[:place] + self.legitimate[place + 1 :]
            return True
        return self.older_ms is not None and time_ms <= self.older_ms

    def withdraw_all_legitimate(self) -> None:
        self.legitimate, self.older_ms = (), None

    def withdraw_fraud(self, time_ms: int) -> None:
        place = bisect_left(self.frauds, (time_ms,))
        if place < len(self.frauds) and self.frauds[place][0] == time_ms:
            self.frauds = self.frauds[:place] + self.frauds[place + 1 :]
