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

from feedback_api.replies import PaymentKey, key_of
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
    """Open alerts by payment. `dropped` counts the alerts that left because of the limit."""

    def __init__(self, limit: int = MOST_OPEN, remembered: int = MOST_CLOSED) -> None:
        self._limit, self._remembered = limit, remembered
        self._open: OrderedDict[PaymentKey, OpenAlert] = OrderedDict()
        self._closed: OrderedDict[PaymentKey, Closed] = OrderedDict()
        self._by_id: dict[str, list[PaymentKey]] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenAlert]:
        return iter(self._open.values())

    def open(self, scored: ScoredTransaction) -> None:
        """Add an alert. An alert already known, open or closed, changes nothing."""
        key = key_of(scored)
        if key in self._open or key in self._closed:
            return
        self._open[key] = OpenAlert(scored)
        self._by_id.setdefault(key.transaction_id, []).append(key)
        if len(self._open) > self._limit:
            self._forget(next(iter(self._open)))
            self.dropped += 1

    def close(self, key: PaymentKey, verdict: Verdict, labeler: str | None) -> None:
        self._forget(key)
        self._closed[key] = Closed(verdict, labeler)
        if len(self._closed) > self._remembered:
            self._closed.popitem(last=False)

    def open_with(self, transaction_id: str) -> list[PaymentKey]:
        """The open alerts with an id: several if several customers have payments with it."""
        return [*self._by_id.get(transaction_id, ())]

    def _forget(self, key: PaymentKey) -> None:
        if self._open.pop(key, None) is not None:
            alike = self._by_id[key.transaction_id]
            alike.remove(key)
            if not alike:
                del self._by_id[key.transaction_id]

    def find(self, key: PaymentKey) -> OpenAlert | None:
        return self._open.get(key)

    def is_held(self, key: PaymentKey, now_ms: int) -> bool:
        """Whether somebody is working on it. Maturity must not close such an alert; their verdict will revise it."""
        alert = self._open.get(key)
        return alert is not None and alert.held_by(now_ms) is not None

    def closed(self, key: PaymentKey) -> Closed | None:
        """The verdict that closed an alert, if it is still remembered."""
        return self._closed.get(key)

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

    def hold(self, key: PaymentKey, labeler: str, *, until_ms: int, now_ms: int) -> bool:
        """Extend a lease, or take over one that has ended. False if the alert is closed or somebody else holds it."""
        alert = self._open.get(key)
        if alert is None or alert.held_by(now_ms) not in {None, labeler}:
            return False
        alert.holder, alert.held_until_ms = labeler, until_ms
        return True

    def release(self, key: PaymentKey, labeler: str) -> None:
        """End a labeler's own lease; somebody else's lease stays."""
        alert = self._open.get(key)
        if alert is not None and alert.holder == labeler:
            alert.holder, alert.held_until_ms = None, 0
