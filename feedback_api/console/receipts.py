"""The receipt: the progress of one verdict.

    sent --> waiting --> joined (example n) --> learned (publication p) --> in force (an alert scored by p or later)

From `waiting` on, the verdict is in the database and in Kafka.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from weir.messages import Outcome, Verdict

Stage = Literal["sent", "waiting", "joined", "learned", "in force"]
STAGES: tuple[Stage, ...] = ("sent", "waiting", "joined", "learned", "in force")

SLOW_MS = 5000
"""A stage that takes longer names the part it waits for. A round number; not measured."""

AWAITED: dict[Stage, str] = {
    "sent": "The broker has not acknowledged the verdict",
    "waiting": "The label join has not found its transaction",
    "joined": "The learner has not published a model with this verdict",
    "learned": "The detector has not raised an alert with the new model",
}


class Moved(NamedTuple):
    """An open alert whose score changed with a publication. `what` is its merchant, or its user if it has none."""

    what: str
    before: float
    after: float


@dataclass
class Receipt:
    """The progress of one label, in wall times. The time of a stage not reached yet is None."""

    label_id: str
    transaction_id: str
    verdict: Verdict
    sent_ms: int
    accepted_ms: int | None = None
    joined_ms: int | None = None
    learned_ms: int | None = None
    in_force_ms: int | None = None
    problem: str | None = None
    outcome: Outcome | None = None
    epoch: int = 0
    n: int = 0
    others: int = 0
    publication: int = 0
    moved: list[Moved] = field(default_factory=list)

    @property
    def stage(self) -> Stage:
        """The last stage reached without a gap before it."""
        reached = (self.accepted_ms, self.joined_ms, self.learned_ms, self.in_force_ms)
        return STAGES[next((place for place, ms in enumerate(reached) if ms is None), len(reached))]

    def accepted(self, now_ms: int) -> None:
        """Record that the broker acknowledged the label."""
        self.accepted_ms, self.problem = self.accepted_ms or now_ms, None

    def joined(self, epoch: int, n: int, outcome: Outcome, now_ms: int) -> None:
        """Record the label's entry in the learning log."""
        if self.joined_ms is None:
            self.accepted(now_ms)
            self.joined_ms, self.epoch, self.n, self.outcome = now_ms, epoch, n, outcome

    def learns_from(self, epoch: int, n: int) -> bool:
        """Whether a model that learned up to `n` is the first to include this label."""
        return self.joined_ms is not None and self.learned_ms is None and (epoch, n) >= (self.epoch, self.n)

    def learned(self, publication: int, others: int, moved: list[Moved], now_ms: int) -> None:
        """Record the first publication that includes the label, together with `others` new examples."""
        self.learned_ms, self.publication, self.others, self.moved = now_ms, publication, others, moved

    def scored_by(self, publication: int, now_ms: int) -> None:
        """Record that a publication scored an alert."""
        if self.learned_ms is not None and self.in_force_ms is None and publication >= self.publication:
            self.in_force_ms = now_ms

    def late(self, now_ms: int) -> str | None:
        """Name the part that has been awaited for longer than SLOW_MS, or return None."""
        stage = self.stage
        since_ms = {
            "sent": self.sent_ms,
            "waiting": self.accepted_ms,
            "joined": self.joined_ms,
            "learned": self.learned_ms,
        }.get(stage)
        return AWAITED[stage] if since_ms is not None and now_ms - since_ms > SLOW_MS else None
