"""The review queue: open alerts in order of arrival, and their leases.

    alert --> open -- lease --> held -- (lease ends, or skipped) --> open
               |                 |
               +---- a verdict is known: closed <----+   (maturity closes an alert only if nobody holds it)

Leases live in memory. A restart frees every alert; two verdicts on one alert do no harm.
Ids of closed alerts are remembered, so a repeated record, or an alert that arrives after its verdict, does not reopen.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from weir.messages import ScoredTransaction, Verdict

Rank = Callable[[ScoredTransaction], tuple[float, ...]]

MOST_OPEN = 2000
MOST_CLOSED = 50_000
"""Both bound memory; round numbers, not measured. Past MOST_OPEN the oldest alert leaves the queue without a verdict."""


@dataclass
class OpenAlert:
    """An alert without a verdict. Its lease ends at `held_until_ms` of wall time."""

    scored: ScoredTransaction
    holder: str | None = None
    held_until_ms: int = 0

    def held_by(self, now_ms: int) -> str | None:
        """The holder, or None once the lease has ended."""
        return self.holder if self.held_until_ms > now_ms else None


@dataclass(frozen=True)
class Closed:
    """The verdict that closed an alert. `labeler` is None if it matured without a label."""

    verdict: Verdict
    labeler: str | None


class ReviewQueue:
    """Open alerts by transaction id. `dropped` counts the alerts that left because of the limit."""

    def __init__(self, limit: int = MOST_OPEN, remembered: int = MOST_CLOSED) -> None:
        self._limit, self._remembered = limit, remembered
        self._open: OrderedDict[str, OpenAlert] = OrderedDict()
        self._closed: OrderedDict[str, Closed] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenAlert]:
        return iter(self._open.values())

    def open(self, scored: ScoredTransaction) -> None:
        """Add an alert. An alert already known, open or closed, changes nothing."""
        if scored.transaction_id in self._open or scored.transaction_id in self._closed:
            return
        self._open[scored.transaction_id] = OpenAlert(scored)
        if len(self._open) > self._limit:
            self._open.popitem(last=False)
            self.dropped += 1

    def close(self, transaction_id: str, verdict: Verdict, labeler: str | None) -> None:
        self._open.pop(transaction_id, None)
        self._closed[transaction_id] = Closed(verdict, labeler)
        if len(self._closed) > self._remembered:
            self._closed.popitem(last=False)

    def find(self, transaction_id: str) -> OpenAlert | None:
        return self._open.get(transaction_id)

    def is_held(self, transaction_id: str, now_ms: int) -> bool:
        """Whether somebody is working on it. Maturity must not close such an alert; their verdict will revise it."""
        alert = self._open.get(transaction_id)
        return alert is not None and alert.held_by(now_ms) is not None

    def closed(self, transaction_id: str) -> Closed | None:
        """The verdict that closed an alert, if it is still remembered."""
        return self._closed.get(transaction_id)

    def newest(self, limit: int) -> list[OpenAlert]:
        """The latest arrivals, newest first."""
        found = reversed(self._open.values())
        return [alert for alert, _ in zip(found, range(limit), strict=False)]

    def lease(self, labeler: str, limit: int, *, until_ms: int, now_ms: int) -> list[OpenAlert]:
        """Lease the free alerts that have waited longest."""
        free = (alert for alert in self._open.values() if alert.held_by(now_ms) is None)
        leased = [alert for alert, _ in zip(free, range(limit), strict=False)]
        for alert in leased:
            alert.holder, alert.held_until_ms = labeler, until_ms
        return leased

    def lease_best(self, labeler: str, rank: Rank, *, until_ms: int, now_ms: int) -> OpenAlert | None:
        """Lease the free alert that ranks highest."""
        free = [alert for alert in self._open.values() if alert.held_by(now_ms) is None]
        if not free:
            return None
        best = max(free, key=lambda alert: rank(alert.scored))
        best.holder, best.held_until_ms = labeler, until_ms
        return best

    def hold(self, transaction_id: str, labeler: str, *, until_ms: int, now_ms: int) -> bool:
        """Extend a lease, or take over one that has ended. False if the alert is closed or somebody else holds it."""
        alert = self._open.get(transaction_id)
        if alert is None or alert.held_by(now_ms) not in {None, labeler}:
            return False
        alert.holder, alert.held_until_ms = labeler, until_ms
        return True

    def release(self, transaction_id: str, labeler: str) -> None:
        """End a labeler's own lease; somebody else's lease stays."""
        alert = self._open.get(transaction_id)
        if alert is not None and alert.holder == labeler:
            alert.holder, alert.held_until_ms = None, 0
