"""The review queue: the open alerts in the order of their arrival, and who holds which of them for how long.

    alert --> open -- lease --> held -- (time is up, or skipped) --> open
               |                 |
               +---- a verdict is known: closed <----+   (maturity closes only what nobody holds)

Leases are in memory: after a restart everything is free again, and a verdict given twice harms nothing. Bounded: past
`limit` the oldest alert is dropped and counted; ids of closed alerts are remembered, so that a repeated record or one
that comes after its verdict opens nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from weir.messages import ScoredTransaction, Verdict

Rank = Callable[[ScoredTransaction], tuple[float, ...]]


@dataclass
class OpenAlert:
    """An alert without a verdict. A lease counts until `held_until_ms` of wall time."""

    scored: ScoredTransaction
    holder: str | None = None
    held_until_ms: int = 0

    def held_by(self, now_ms: int) -> str | None:
        """Who holds it now."""
        return self.holder if self.held_until_ms > now_ms else None


@dataclass(frozen=True)
class Closed:
    """What became of an alert. `labeler` is None where maturity alone closed it."""

    verdict: Verdict
    labeler: str | None


class ReviewQueue:
    """The open alerts by transaction id."""

    def __init__(self, limit: int = 2000, remembered: int = 50_000) -> None:
        self._limit, self._remembered = limit, remembered
        self._open: OrderedDict[str, OpenAlert] = OrderedDict()
        self._closed: OrderedDict[str, Closed] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenAlert]:
        return iter(self._open.values())

    def open(self, scored: ScoredTransaction) -> None:
        """Take in an alert; one that is known already, open or closed, changes nothing."""
        if scored.transaction_id in self._open or scored.transaction_id in self._closed:
            return
        self._open[scored.transaction_id] = OpenAlert(scored)
        if len(self._open) > self._limit:
            self._open.popitem(last=False)
            self.dropped += 1

    def close(self, transaction_id: str, verdict: Verdict, labeler: str | None) -> None:
        """A verdict is known."""
        self._open.pop(transaction_id, None)
        self._closed[transaction_id] = Closed(verdict, labeler)
        if len(self._closed) > self._remembered:
            self._closed.popitem(last=False)

    def find(self, transaction_id: str) -> OpenAlert | None:
        """The open alert of this transaction."""
        return self._open.get(transaction_id)

    def is_held(self, transaction_id: str, now_ms: int) -> bool:
        """Whether somebody has it on the desk: maturity then does not take it away; their verdict will revise it."""
        alert = self._open.get(transaction_id)
        return alert is not None and alert.held_by(now_ms) is not None

    def closed(self, transaction_id: str) -> Closed | None:
        """What became of a closed alert, as far back as is remembered."""
        return self._closed.get(transaction_id)

    def newest(self, limit: int) -> list[OpenAlert]:
        """The latest arrivals, newest first."""
        found = reversed(self._open.values())
        return [alert for alert, _ in zip(found, range(limit), strict=False)]

    def lease(self, labeler: str, limit: int, *, until_ms: int, now_ms: int) -> list[OpenAlert]:
        """Hold the longest-waiting free alerts for a labeler."""
        free = (alert for alert in self._open.values() if alert.held_by(now_ms) is None)
        taken = [alert for alert, _ in zip(free, range(limit), strict=False)]
        for alert in taken:
            alert.holder, alert.held_until_ms = labeler, until_ms
        return taken

    def lease_best(self, labeler: str, rank: Rank, *, until_ms: int, now_ms: int) -> OpenAlert | None:
        """Hold the free alert that ranks highest."""
        free = [alert for alert in self._open.values() if alert.held_by(now_ms) is None]
        if not free:
            return None
        best = max(free, key=lambda alert: rank(alert.scored))
        best.holder, best.held_until_ms = labeler, until_ms
        return best

    def hold(self, transaction_id: str, labeler: str, *, until_ms: int, now_ms: int) -> bool:
        """Prolong a lease; False if the alert is closed or somebody else holds it."""
        alert = self._open.get(transaction_id)
        if alert is None or alert.held_by(now_ms) not in {None, labeler}:
            return False
        alert.holder, alert.held_until_ms = labeler, until_ms
        return True

    def release(self, transaction_id: str, labeler: str) -> None:
        """Give up a lease."""
        alert = self._open.get(transaction_id)
        if alert is not None and alert.holder == labeler:
            alert.holder, alert.held_until_ms = None, 0
