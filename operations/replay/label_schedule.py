"""Hold back each label until it is due, and check that the maturity horizon is long enough for them."""

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
    """A label of the file. Labels sort by the time at which they become known, on the transactions' clock."""

    known_ms: int
    transaction_id: str
    verdict: Verdict = field(compare=False)


def label_body(due: DueLabel, label: Labels) -> dict[str, Any]:
    """The body for `POST /v1/labels`. Its id is derived from the transaction's, so a retry is not a second label."""
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
    """The labels of transactions that were sent, until they are due. `send` is the mapping's `send`."""

    send: str = "fraud"
    _heap: list[DueLabel] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, row: Row) -> None:
        """Add the label of a transaction that is sent now, unless its kind of label is never sent."""
        if row.verdict == "fraud" or (row.verdict is not None and self.send == "all"):
            heapq.heappush(self._heap, DueLabel(row.known_ms, row.transaction.transaction_id, row.verdict))

    def due(self, now_ms: int) -> list[DueLabel]:
        """Remove and return the labels known by `now_ms`, in order."""
        found = []
        while self._heap and self._heap[0].known_ms <= now_ms:
            found.append(heapq.heappop(self._heap))
        return found


def require_horizon(mapping: Mapping, horizon_s: float) -> None:
    """Check that no transaction matures before its label can arrive.

    The horizon must cover the delay and one slice, because the transactions of a slice advance the clock to its end
    before the labels that become known in it are sent.

    Raises:
        DeploymentError: the horizon is too short; the remedy names the shortest that suffices.
    """
    if mapping.label is None:
        return
    least_s = mapping.label.delay_s + mapping.slice_s
    if horizon_s < least_s:
        raise DeploymentError(
            f"Transactions mature after {horizon_s:g} s, before their labels can arrive.",
            f"Set [loop.learning] maturity_horizon_s to at least {math.ceil(least_s)} in the mapping.",
        )
