"""The labels that the simulated analysts and the bank have planned, each due at its event time."""

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Any

from simulator.analysts.analyst import Analyst, Chargebacks, LabelPlan
from simulator.world.truth import Truth
from weir.messages import Decision

MAX_AT_ONCE = 200


class PlannedLabels:
    """A queue of labels by due time. Any thread may add plans; only one may call `pop_due`."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self._truth = truth
        self._analyst, self._chargebacks = Analyst(truth, seed), Chargebacks(truth, seed)
        self._unsorted: deque[tuple[int, LabelPlan]] = deque()
        self._heap: list[tuple[int, str, LabelPlan]] = []

    def plan_verdict(self, transaction_id: str, event_time_ms: int) -> None:
        """Plan an analyst's label for an alert."""
        self._add(self._analyst.plan(transaction_id), event_time_ms)

    def plan_chargeback(self, transaction_id: str, event_time_ms: int, decision: Decision) -> None:
        """Plan a chargeback if the payment is a fraud that was approved."""
        plan = self._chargebacks.plan(transaction_id, decision)
        if plan is not None:
            self._add(plan, event_time_ms)

    def pop_due(self, now_event_ms: int) -> Iterator[dict[str, Any]]:
        """Remove and yield the labels due by now, in order, as bodies of `POST /v1/labels`; at most `MAX_AT_ONCE`."""
        while self._unsorted:
            due_ms, plan = self._unsorted.popleft()
            heapq.heappush(self._heap, (due_ms, plan.transaction_id, plan))
        for _ in range(MAX_AT_ONCE):
            if not self._heap or self._heap[0][0] > now_event_ms:
                return
            due_ms, _, plan = heapq.heappop(self._heap)
            yield self._body(plan, due_ms)

    def _add(self, plan: LabelPlan, event_time_ms: int) -> None:
        self._unsorted.append((event_time_ms + plan.delay_ms, plan))

    def _body(self, plan: LabelPlan, due_ms: int) -> dict[str, Any]:
        """Return the label's request body; a fraud label names the true kind, if there is one."""
        kind = {"fraud_type": self._truth.kind_of(plan.transaction_id)} if plan.verdict == "fraud" else {}
        return {
            "label_id": f"sim-{plan.source}-{plan.transaction_id}",
            "transaction_id": plan.transaction_id,
            "verdict": plan.verdict,
            "labeler": f"{plan.labeler} (simulated)",
            "source": plan.source,
            "as_of": due_ms,
            **{name: value for name, value in kind.items() if value is not None},
        }
