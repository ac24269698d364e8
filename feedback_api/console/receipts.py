"""The receipt: what became of one verdict, as a line that goes on by itself.

    sent --> waiting --> joined (example n) --> learned (publication p) --> in force (an alert scored by p or later)

Where it takes long, the receipt names the part that is waited for. The verdict is safe from `waiting` on: it is in the
database and in Kafka.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from weir.messages import Outcome, Verdict

Stage = Literal["sent", "waiting", "joined", "learned", "in force"]
STAGES: tuple[Stage, ...] = ("sent", "waiting", "joined", "learned", "in force")
SLOW_MS = 5000
AWAITED: dict[Stage, str] = {
    "sent": "The broker has not acknowledged the verdict",
    "waiting": "The label join has not brought it to its transaction",
    "joined": "The learner has not published a model that learned it",
    "learned": "The detector has raised no alert with the new model",
}


class Moved(NamedTuple):
    """An open alert whose score changed by what was learned; `what` says which payment it is."""

    what: str
    before: float
    after: float


@dataclass
class Receipt:
    """The life of one label. Times are wall times; a stage that is not reached is None."""

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
        """How far it has come."""
        reached = (self.accepted_ms, self.joined_ms, self.learned_ms, self.in_force_ms)
        return STAGES[next((place for place, ms in enumerate(reached) if ms is None), len(reached))]

    def accepted(self, now_ms: int) -> None:
        """The broker has it."""
        self.accepted_ms, self.problem = self.accepted_ms or now_ms, None

    def joined(self, epoch: int, n: int, outcome: Outcome, now_ms: int) -> None:
        """It is in the learning log."""
        if self.joined_ms is None:
            self.accepted(now_ms)
            self.joined_ms, self.epoch, self.n, self.outcome = now_ms, epoch, n, outcome

    def learns_from(self, epoch: int, n: int) -> bool:
        """Whether a model that has learned up to `n` is the first one to know it."""
        return self.joined_ms is not None and self.learned_ms is None and (epoch, n) >= (self.epoch, self.n)

    def learned(self, publication: int, others: int, moved: list[Moved], now_ms: int) -> None:
        """A publication knows it, and `others` examples that are new in it."""
        self.learned_ms, self.publication, self.others, self.moved = now_ms, publication, others, moved

    def scored_by(self, publication: int, now_ms: int) -> None:
        """An alert was scored by that publication."""
        if self.learned_ms is not None and self.in_force_ms is None and publication >= self.publication:
            self.in_force_ms = now_ms

    def late(self, now_ms: int) -> str | None:
        """Which part keeps it waiting for long, in words."""
        stage = self.stage
        since_ms = {
            "sent": self.sent_ms,
            "waiting": self.accepted_ms,
            "joined": self.joined_ms,
            "learned": self.learned_ms,
        }.get(stage)
        return AWAITED[stage] if since_ms is not None and now_ms - since_ms > SLOW_MS else None
