"""A visitor's desk: the case that is theirs until they act, the rows of the queue that they see, and their receipt.

The case changes by the visitor's own act only; from an empty desk the first alert is taken by itself. A row keeps its
place until its alert is closed: then the next alert takes that place, and no other row moves.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from feedback_api.console.receipts import Receipt
from feedback_api.console.review_queue import ReviewQueue
from feedback_api.console.story import clarity
from feedback_api.labels import LabelRequest
from weir.errors import InvalidRecord
from weir.messages import Decision, ScoredTransaction, Verdict

LEASE_MS = 60_000
ROWS = 6
SKIPPED = 200
RECENT_MS = 10_000
PREFERRED: dict[Decision, float] = {"review": 2.0, "challenge": 1.0, "block": 0.0, "approve": -1.0}


@dataclass
class Desk:
    """One visitor's. `asked` is the verdict under way: asking for it again is the same label, so nothing happens twice."""

    name: str
    new_id: Callable[[], str]
    case: ScoredTransaction | None = None
    asked: LabelRequest | None = None
    receipt: Receipt | None = None
    rows: list[str] = field(default_factory=list)
    skipped: deque[str] = field(default_factory=lambda: deque(maxlen=SKIPPED))

    def keep(self, queue: ReviewQueue, now_ms: int) -> None:
        """The page is open: prolong the lease, and take a case if there is none."""
        if self.case is None:
            self.take_next(queue, now_ms)
        else:
            queue.hold(self.case.transaction_id, self.name, until_ms=now_ms + LEASE_MS, now_ms=now_ms)
        self._arrange(queue)

    def take_next(self, queue: ReviewQueue, now_ms: int) -> None:
        """Lease the next case, or none if nothing waits."""
        best = queue.lease_best(self.name, self._rank, until_ms=now_ms + LEASE_MS, now_ms=now_ms)
        self.case, self.asked = None if best is None else best.scored, None

    def ask(self, verdict: Verdict, as_of_ms: int | None, now_ms: int) -> LabelRequest:
        """The visitor's verdict on the case, as a label; the same verdict again is the same label."""
        if self.case is None:
            raise InvalidRecord("transaction_id", "no case is on this desk")
        if self.asked is None or self.asked.verdict != verdict:
            self.asked = LabelRequest(
                transaction_id=self.case.transaction_id,
                verdict=verdict,
                labeler=self.name,
                label_id=self.new_id(),
                source="console",
                as_of=as_of_ms,
            )
            self.receipt = Receipt(self.asked.label_id or "", self.case.transaction_id, verdict, now_ms)
        return self.asked

    def skip(self, queue: ReviewQueue, now_ms: int) -> None:
        """Give the case back and take another."""
        if self.case is not None:
            queue.release(self.case.transaction_id, self.name)
            self.skipped.append(self.case.transaction_id)
        self.take_next(queue, now_ms)

    def _rank(self, alert: ScoredTransaction) -> tuple[float, ...]:
        """Not skipped, a review, recent, and the clearest reasons among the recent ones."""
        fresh = alert.transaction_id not in self.skipped
        return (fresh, PREFERRED[alert.decision], alert.scored_at_ms // RECENT_MS, clarity(alert))

    def _arrange(self, queue: ReviewQueue) -> None:
        """Fill the places of closed alerts, and places that are still free, with the newest that are not shown yet."""
        shown = set(self.rows)
        fresh = (alert.scored.transaction_id for alert in queue.newest(2 * ROWS))
        waiting = [transaction_id for transaction_id in fresh if transaction_id not in shown]
        kept = [row if queue.find(row) else (waiting.pop(0) if waiting else None) for row in self.rows]
        self.rows = [row for row in kept if row is not None]
        self.rows += waiting[: ROWS - len(self.rows)]
