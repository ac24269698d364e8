"""Response bodies. Their docstrings appear in `/openapi.json`."""

from typing import Literal

from pydantic import BaseModel

from feedback_api.label_batches import Status
from feedback_api.receipts import State
from weir.messages import Decision, Outcome, Verdict


class Problem(BaseModel):
    """An error. `field` is the JSON path of the wrong field (`$` is the whole body), `reason` says what to fix."""

    error: str
    field: str | None = None
    reason: str


class LabelAccepted(BaseModel):
    """The broker has the label."""

    label_id: str


class LabelView(BaseModel):
    """A stored label, and its receipt: what has become of it.

    Until `acknowledged_at_ms` is set, the broker may not have it. `state` holds since `since_ms` (wall time), and `says`
    puts it into words. `epoch` and `n` number its entry in the learning log, and `outcome` says whether that is the first
    verdict (`example`), another one (`revision`) or the same again (`confirmation`). From `in_force_since_ms` on,
    published models have learned it. `superseded_by` is the label whose verdict is in force instead.
    """

    label_id: str
    transaction_id: str
    verdict: Verdict
    labeler: str
    source: str
    note: str | None
    fraud_type: str | None
    user_id: str | None
    labelled_at_ms: int
    as_of_ms: int | None
    accepted_at_ms: int
    acknowledged_at_ms: int | None
    state: State
    since_ms: int
    says: str
    outcome: Outcome | None
    epoch: int | None
    n: int | None
    in_force_since_ms: int | None
    superseded_by: str | None


class RowView(BaseModel):
    """What became of a row of a batch. Rows are counted from 1; a CSV file's header is none."""

    row: int
    status: Status
    label_id: str | None = None
    field: str | None = None
    reason: str | None = None


class UserEventAccepted(BaseModel):
    """The broker has the user event."""

    event_id: str


class ReasonView(BaseModel):
    """One piece of evidence. A positive contribution (log-odds) speaks for fraud."""

    code: str
    text: str
    contribution: float


class RuleView(BaseModel):
    """A rule that fired, with the decision that it asks for at least and its evidence in words."""

    rule: str
    version: int
    decision: Decision
    text: str


class ModelView(BaseModel):
    """The model that scored: its publication, and the last example (`epoch`, `n`) that it learned.

    `trees_n` is the last example that its trees learned; null before the first trees.
    """

    publication: int
    epoch: int
    n: int
    trees_n: int | None = None


class DecisionView(BaseModel):
    """The decision on a payment. With `source` `policy` the deadline passed, and there is no score."""

    transaction_id: str
    decision: Decision
    source: Literal["stream", "policy"]
    score: float | None
    profile: str | None
    reasons: list[ReasonView]
    rules: list[RuleView]
    flags: list[str]
    model: ModelView | None
    latency_ms: float


class AlertView(BaseModel):
    """An open alert. If it is leased, `holder` has it until `held_until_ms`."""

    transaction_id: str
    user_id: str
    merchant_id: str | None
    event_time_ms: int
    scored_at_ms: int
    amount: float | None
    score: float
    decision: Decision
    reasons: list[ReasonView]
    holder: str | None
    held_until_ms: int | None


class PartView(BaseModel):
    """The health of a part. `detail` is its problem, or what its check reports."""

    ok: bool
    detail: str | dict[int, int] | None = None


class Readiness(BaseModel):
    """Ready if every part is healthy."""

    ready: bool
    parts: dict[str, PartView]
