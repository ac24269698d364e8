"""The labels that a file holds, until each is due, and the horizon that they need."""

import heapq
import math
from dataclasses import dataclass, field
from typing import Any

from operations.replay.mapping import Labels, Mapping
from operations.replay.rows import Row
from weir.errors import DeploymentError
from weir.messages import Verdict


@dataclass(frozen=True, order=True)
class DueLabel:
    """A label that the file holds, ordered by the time it becomes known on the transactions' clock."""

    known_ms: int
    transaction_id: str
    verdict: Verdict = field(compare=False)


def label_body(due: DueLabel, label: Labels) -> dict[str, Any]:
    """The body of `POST /v1/labels`; the same label has the same id, however often it is sent."""
    return {
        "label_id": f"replay-{due.transaction_id}",
        "transaction_id": due.transaction_id,
        "verdict": due.verdict,
        "labeler": label.labeler,
        "source": label.source,
        "as_of": due.known_ms,
    }


@dataclass
class LabelSchedule:
    """Labels of transactions that were sent, until they are due."""

    send: str = "fraud"
    _heap: list[DueLabel] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, row: Row) -> None:
        """A transaction leaves; remember its label if that will be sent."""
        if row.verdict == "fraud" or (row.verdict is not None and self.send == "all"):
            heapq.heappush(self._heap, DueLabel(row.known_ms, row.transaction.transaction_id, row.verdict))

    def due(self, now_ms: int) -> list[DueLabel]:
        """Take out the labels known by `now_ms`, in order."""
        found = []
        while self._heap and self._heap[0].known_ms <= now_ms:
            found.append(heapq.heappop(self._heap))
        return found


def require_horizon(mapping: Mapping, horizon_s: float) -> None:
    """Refuse a loop in which a transaction counts as legitimate before its label can be there.

    A slice's transactions push the clock to its end before the labels known in it are sent.

    Raises:
        DeploymentError: naming the least horizon that will do.
    """
    if mapping.label is None:
        return
    least_s = mapping.label.delay_s + mapping.slice_s
    if horizon_s < least_s:
        raise DeploymentError(
            f"Transactions mature after {horizon_s:g} s, before their labels can be there.",
            f"Set [loop.learning] maturity_horizon_s to at least {math.ceil(least_s)} in the mapping.",
        )
