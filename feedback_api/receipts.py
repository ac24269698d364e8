"""Receipts: what has become of a label.

    sent --> waiting --+--> joined --> in force --> superseded
                       +--> refused

A label is `waiting` until its payment has been scored, `joined` once it is an entry of the learning log, and `in force`
once a published model has learned that entry. A later verdict supersedes it. `refused` labels are dead letters.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from feedback_api.labels import StoredLabel
from weir.messages import Outcome, Verdict

State = Literal["sent", "waiting", "joined", "in force", "superseded", "refused"]

DAY_S = 24 * 3600

PATIENCE_MS = 5_000
"""Longer than a label takes whose payment is known. A round number; not measured."""


class Resolved(NamedTuple):
    """What the stream said of a label: its entry in the learning log, or the reason of its dead letter."""

    label_id: str
    verdict: Verdict
    outcome: Outcome | None
    epoch: int | None
    n: int | None
    at_ms: int | None
    reason: str | None
    in_force_since_ms: int | None
    user_id: str | None = None


class LabelReceipt(NamedTuple):
    """A label's state since a time (wall clock), in words, too. `by` is the label that supersedes it."""

    state: State
    since_ms: int
    says: str
    by: str | None = None


def receipt_of(
    resolved: Resolved,
    others: Sequence[Resolved],
    stored: StoredLabel,
    *,
    now_ms: int,
    retention_s: int,
) -> LabelReceipt:
    """Return a label's receipt; `others` are all labels on its payment, in whatever order."""
    if resolved.reason is not None and resolved.n is None:
        return LabelReceipt("refused", resolved.at_ms or now_ms, f"The label was refused: {resolved.reason}.")
    if resolved.n is None:
        return _unresolved(stored, now_ms, retention_s)
    joined_ms = resolved.at_ms or now_ms
    last = _last_verdict([other for other in others if _may_be_alike(other.user_id, resolved.user_id)])
    if last is not None and last.label_id != resolved.label_id and last.verdict != resolved.verdict:
        says = f"Label {last.label_id} superseded it: {last.verdict}, learned as number {last.n:,}."
        return LabelReceipt("superseded", last.at_ms or now_ms, says, last.label_id)
    learned = f"learned as number {resolved.n:,}"
    if resolved.outcome == "confirmation":
        learned = f"number {resolved.n:,} of the learning log, a verdict that was known already"
    if resolved.in_force_since_ms is None:
        return LabelReceipt("joined", joined_ms, f"It is {learned}; no model with it has been published yet.")
    since_ms = resolved.in_force_since_ms
    return LabelReceipt("in force", since_ms, f"It is {learned}, in force since {_moment(since_ms)}.")


def _unresolved(stored: StoredLabel, now_ms: int, retention_s: int) -> LabelReceipt:
    since_ms, transaction_id = stored.acknowledged_at_ms, stored.label.transaction_id
    if since_ms is None:
        return LabelReceipt("sent", stored.accepted_at_ms, "It is stored; the broker has not acknowledged it yet.")
    if now_ms - since_ms < PATIENCE_MS:
        return LabelReceipt("waiting", since_ms, "It is on its way to its payment.")
    spaces = " The id begins or ends with a space." if transaction_id != transaction_id.strip() else ""
    return LabelReceipt(
        "waiting",
        since_ms,
        f"No such payment is known.{spaces} The label is learned once a payment with exactly this id is scored. "
        f"For a payment of more than {retention_s // DAY_S} days ago it is too late.",
    )


def _may_be_alike(user_id: str | None, other: str | None) -> bool:
    """Whether two labels on one id may mean the same customer's payment."""
    return user_id is None or other is None or user_id == other


def _last_verdict(labels: Sequence[Resolved]) -> Resolved | None:
    """Return the label whose verdict is in force; None if only confirmations of a verdict by maturity are known."""
    verdicts = [label for label in labels if label.n is not None and label.outcome != "confirmation"]
    return max(verdicts, key=lambda label: (label.epoch or 0, label.n or 0), default=None)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
