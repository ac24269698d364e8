"""The planned of the simulated analysts and of the bank's chargebacks: labels that will be given, each at its event time."""

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Any

from simulator.analysts.analyst import Analyst, Chargebacks, LabelPlan
from simulator.world.truth import Truth
from weir.messages import Decision

AT_ONCE = 200


class PlannedLabels:
    """Plans go in from any thread; one thread takes out what is due."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self._truth = truth
        self._analyst, self._chargebacks = Analyst(truth, seed), Chargebacks(truth, seed)
        self._arrived: deque[tuple[int, LabelPlan]] = deque()
        self._due: list[tuple[int, str, LabelPlan]] = []

    def alert(self, transaction_id: str, event_time_ms: int) -> None:
        """An analyst takes an alert from the queue."""
        self._plan(self._analyst.verdict(transaction_id), event_time_ms)

    def scored(self, transaction_id: str, event_time_ms: int, decision: Decision) -> None:
        """A payment was decided; if it was a fraud that went through, its owner will find out."""
        plan = self._chargebacks.verdict(transaction_id, decision)
        if plan is not None:
            self._plan(plan, event_time_ms)

    def due(self, now_event_ms: int) -> Iterator[dict[str, Any]]:
        """Take out, in order, the labels given by now, as bodies of `POST /v1/labels`; `AT_ONCE` at most."""
        while self._arrived:
            due_ms, plan = self._arrived.popleft()
            heapq.heappush(self._due, (due_ms, plan.transaction_id, plan))
        for _ in range(AT_ONCE):
            if not self._due or self._due[0][0] > now_event_ms:
                return
            due_ms, _name, plan = heapq.heappop(self._due)
            yield self._body(plan, due_ms)

    def _plan(self, plan: LabelPlan, event_time_ms: int) -> None:
        self._arrived.append((event_time_ms + plan.delay_ms, plan))

    def _body(self, plan: LabelPlan, due_ms: int) -> dict[str, Any]:
        """A labeler who calls a payment fraud also says of what kind."""
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
