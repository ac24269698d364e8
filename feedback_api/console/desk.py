"""A visitor's desk: the case they work on, the queue rows they see and the receipt of their last verdict.

Only the visitor changes the case, except that an empty desk opens the next alert by itself. A queue row keeps its place
until its alert is closed; then another alert takes that place and no other row moves.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from feedback_api.console.receipts import Receipt
from feedback_api.console.review_queue import ReviewQueue
from feedback_api.console.story import clarity
from feedback_api.labels import LabelRequest
from feedback_api.replies import PaymentKey, key_of
from weir.errors import InvalidRecord
from weir.messages import Decision, ScoredTransaction, Verdict

LEASE_MS = 60_000
"""How long a case stays reserved after its page is closed: an open page renews the lease. A round number; not measured."""

ROWS = 6
"""Queue rows on the page. Six fit a 1440x900 window without scrolling, which the browser tests check."""

SKIPPED = 200
"""Skipped cases to remember. They are ranked last, so a visitor sees one again only if nothing else is free."""

RECENT_MS = 10_000
"""Alerts scored in the same 10 s of wall time rank by clarity, not by age. A round number; not measured."""

PREFERRED: dict[Decision, float] = {"review": 2.0, "challenge": 1.0, "block": 0.0, "approve": -1.0}
"""Which cases come first. A review waits for an analyst, a challenge for the customer; a block is already decided."""


@dataclass
class Desk:
    """One visitor's desk. `asked` is the pending verdict: asking for it again reuses its label id, so it counts once."""

    name: str
    new_id: Callable[[], str]
    case: ScoredTransaction | None = None
    asked: LabelRequest | None = None
    receipt: Receipt | None = None
    rows: list[PaymentKey] = field(default_factory=list)
    skipped: deque[PaymentKey] = field(default_factory=lambda: deque(maxlen=SKIPPED))

    def keep(self, queue: ReviewQueue, now_ms: int) -> None:
        """Renew the lease of an open page, or lease a case if the desk is empty. Call it while the page is open."""
        if self.case is None:
            self.lease_next(queue, now_ms)
        else:
            queue.hold(key_of(self.case), self.name, until_ms=now_ms + LEASE_MS, now_ms=now_ms)
        self._arrange(queue)

    def lease_next(self, queue: ReviewQueue, now_ms: int) -> None:
        """Lease the next case; the desk stays empty if no alert is free."""
        best = queue.lease_best(self.name, self._rank, until_ms=now_ms + LEASE_MS, now_ms=now_ms)
        self.case, self.asked = None if best is None else best.scored, None

    def ask(self, verdict: Verdict, as_of_ms: int | None, now_ms: int) -> LabelRequest:
        """The visitor's verdict on the case as a label request, with a new receipt if the verdict is new."""
        if self.case is None:
            raise InvalidRecord("transaction_id", "you have no case open")
        if self.asked is None or self.asked.verdict != verdict:
            self.asked = LabelRequest(
                transaction_id=self.case.transaction_id,
                verdict=verdict,
                labeler=self.name,
                label_id=self.new_id(),
                source="console",
                as_of=as_of_ms,
                user_id=self.case.user_id,
            )
            self.receipt = Receipt(self.asked.label_id or "", self.case.transaction_id, verdict, now_ms)
        return self.asked

    def skip(self, queue: ReviewQueue, now_ms: int) -> None:
        """Release the case and lease another."""
        if self.case is not None:
            queue.release(key_of(self.case), self.name)
            self.skipped.append(key_of(self.case))
        self.lease_next(queue, now_ms)

    def _rank(self, alert: ScoredTransaction) -> tuple[float, ...]:
        """Rank by: not skipped, decision, recency, clarity of the evidence."""
        fresh = key_of(alert) not in self.skipped
        return (fresh, PREFERRED[alert.decision], alert.scored_at_ms // RECENT_MS, clarity(alert))

    def _arrange(self, queue: ReviewQueue) -> None:
        """Put the newest alerts not shown yet in the places of closed alerts and in free places."""
        shown = set(self.rows)
        fresh = (key_of(alert.scored) for alert in queue.newest(2 * ROWS))
        waiting = [key for key in fresh if key not in shown]
        kept = [row if queue.find(row) else (waiting.pop(0) if waiting else None) for row in self.rows]
        self.rows = [row for row in kept if row is not None]
        self.rows += waiting[: ROWS - len(self.rows)]
