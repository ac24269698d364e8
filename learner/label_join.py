"""The label join: one transaction id's scores and labels become numbered verdicts, each learned once.

    scored    --- first score counts ---+
                                        +--> example | revision | confirmation
    labels    --- once per label id ----+
                                        +--> dead letter (its transaction never came, or too many labels)
    watermark --- maturity, retention --+--> implicit legitimate example; the state is dropped

Time line of a transaction at event time t:  t ... t+maturity (unlabelled: legitimate) ... t+retention (forgotten).
The result does not depend on how the two streams interleave nor on duplicates, apart from maturity.
"""

import hashlib

import msgspec
from msgspec import Struct, field, structs

from weir.messages import Decision, Example, Label, ModelRef, Outcome, Position, ScoredTransaction, Verdict
from weir.settings import LearningSettings

MAX_LABELS = 64
"""Labels that one transaction may have; more are dead-lettered, so that the state stays bounded."""


class Waiting(Struct, array_like=True):
    """A label whose transaction has not been scored yet, with its original bytes for a dead letter."""

    label: Label
    source: Position
    payload: bytes


class Subject(Struct, frozen=True, array_like=True):
    """What is learned from a scored transaction, without what only people read."""

    transaction_id: str
    event_time_ms: int
    amount: float
    score: float
    decision: Decision
    features: dict[str, float]
    model: ModelRef | None
    merchant_id: str | None
    user_id: str | None = None


class JoinState(Struct, array_like=True):
    """What is kept for one transaction id. Empty (`is_empty`) means that nothing needs to be kept."""

    subject: Subject | None = None
    waiting: list[Waiting] = field(default_factory=list)
    label_ids: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    revision: int = 0
    weight: float = 0.0
    matured: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the state may be cleared."""
        return self.subject is None and not self.label_ids


class Unusable(Struct, frozen=True):
    """A label that cannot become an example: what is wrong, and where it stood."""

    field: str
    reason: str
    source: Position
    payload: bytes


class Joined(Struct):
    """What one event brought out, in order."""

    examples: list[Example] = field(default_factory=list)
    dead_letters: list[Unusable] = field(default_factory=list)


_STATE = msgspec.msgpack.Decoder(JoinState)


def encode_join_state(state: JoinState) -> bytes:
    """The state's bytes; they are an on-disk format: new fields go to the end, with a default."""
    return msgspec.msgpack.encode(state)


def decode_join_state(payload: bytes | None) -> JoinState:
    """The state, or an empty one for an id that is new."""
    return _STATE.decode(payload) if payload else JoinState()


class LabelJoin:
    """The rules of the join. Each method changes `state` in place and returns what comes out.

    >>> join, state = LabelJoin(LearningSettings()), JoinState()
    >>> join.next_timer_ms(state) is None
    True
    """

    def __init__(self, settings: LearningSettings) -> None:
        self._maturity_ms = settings.maturity_horizon_s * 1000
        self._retention_ms = max(settings.retention_s, settings.maturity_horizon_s) * 1000
        self._share = settings.implicit_share

    def on_scored(self, state: JoinState, scored: ScoredTransaction) -> Joined:
        """The first score of an id counts; the labels that waited for it are then applied in their order."""
        if state.subject is not None:
            return Joined()
        state.subject = _subject_of(scored)
        labels, state.waiting = [waiting.label for waiting in state.waiting], []
        return Joined(examples=[self._apply(state, state.subject, label) for label in labels])

    def on_label(self, state: JoinState, label: Label, *, source: Position, payload: bytes) -> Joined:
        """A label counts once; before its transaction it waits."""
        if label.label_id in state.label_ids:
            return Joined()
        if len(state.label_ids) >= MAX_LABELS:
            reason = f"the transaction already has {MAX_LABELS} labels"
            return Joined(dead_letters=[Unusable("transaction_id", reason, source, payload)])
        state.label_ids.append(label.label_id)
        if state.subject is None:
            state.waiting.append(Waiting(label, source, payload))
            return Joined()
        return Joined(examples=[self._apply(state, state.subject, label)])

    def on_timer(self, state: JoinState, watermark_ms: int) -> Joined:
        """Do all that is due at the watermark; a timer that comes too early or twice does nothing."""
        if state.subject is None:
            return Joined(dead_letters=self._expire(state, watermark_ms))
        joined = Joined()
        if watermark_ms >= self._maturity(state.subject) and not state.matured:
            state.matured = True
            joined.examples = self._implicit(state, state.subject)
        if watermark_ms >= self._retention(state.subject):
            _drop(state)
        return joined

    def next_timer_ms(self, state: JoinState) -> int | None:
        """The event time to be woken at, or None if nothing is waited for."""
        if state.subject is not None:
            return self._retention(state.subject) if state.matured else self._maturity(state.subject)
        return min((self._expiry(waiting) for waiting in state.waiting), default=None)

    def _maturity(self, subject: Subject) -> int:
        return subject.event_time_ms + self._maturity_ms

    def _retention(self, subject: Subject) -> int:
        return subject.event_time_ms + self._retention_ms

    def _expiry(self, waiting: Waiting) -> int:
        label = waiting.label
        return (label.labelled_at_ms if label.as_of_ms is None else label.as_of_ms) + self._retention_ms

    def _expire(self, state: JoinState, watermark_ms: int) -> list[Unusable]:
        """Give up the waiting labels that are due; without any left the id is forgotten."""
        due = [waiting for waiting in state.waiting if self._expiry(waiting) <= watermark_ms]
        state.waiting = [waiting for waiting in state.waiting if self._expiry(waiting) > watermark_ms]
        if due and not state.waiting:
            _drop(state)
        reason = "no such transaction was scored within the retention time"
        return [Unusable("transaction_id", reason, waiting.source, waiting.payload) for waiting in due]

    def _implicit(self, state: JoinState, subject: Subject) -> list[Example]:
        """An unlabelled transaction that matured is legitimate; only a share is kept, with the weight of all."""
        if state.verdict is not None or hash_share(subject.transaction_id) >= self._share:
            return []
        state.verdict, state.weight = "legitimate", 1 / self._share
        example = _example_of(subject, state, "example", state.weight)
        return [structs.replace(example, as_of_ms=self._maturity(subject))]

    def _apply(self, state: JoinState, subject: Subject, label: Label) -> Example:
        """The label's example; `state` then holds the verdict in force."""
        if state.verdict == label.verdict:
            return _labelled(_example_of(subject, state, "confirmation", 0.0), label)
        supersedes, superseded_weight = state.revision, state.weight
        first = state.verdict is None
        state.verdict, state.weight = label.verdict, 1.0
        if first:
            return _labelled(_example_of(subject, state, "example", 1.0), label)
        state.revision += 1
        revision = _labelled(_example_of(subject, state, "revision", 1.0), label)
        return structs.replace(revision, supersedes=supersedes, superseded_weight=superseded_weight)


def hash_share(transaction_id: str) -> float:
    """A number in [0, 1) that depends on the id only, evenly spread: which part of a sub-sample it falls into."""
    digest = hashlib.blake2b(transaction_id.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _subject_of(scored: ScoredTransaction) -> Subject:
    return Subject(
        transaction_id=scored.transaction_id,
        event_time_ms=scored.event_time_ms,
        amount=scored.amount,
        score=scored.score,
        decision=scored.decision,
        features=scored.features,
        model=scored.model,
        merchant_id=scored.merchant_id,
        user_id=scored.user_id,
    )


def _drop(state: JoinState) -> None:
    for name, default in zip(JoinState.__struct_fields__, structs.astuple(JoinState()), strict=True):
        setattr(state, name, default)


def _example_of(subject: Subject, state: JoinState, outcome: Outcome, weight: float) -> Example:
    """The example of the verdict in force, on the features as they were scored."""
    return Example(
        transaction_id=subject.transaction_id,
        revision=state.revision,
        outcome=outcome,
        verdict=state.verdict or "legitimate",
        weight=weight,
        event_time_ms=subject.event_time_ms,
        amount=subject.amount,
        score=subject.score,
        decision=subject.decision,
        features=subject.features,
        model=subject.model,
        merchant_id=subject.merchant_id,
        user_id=subject.user_id,
    )


def _labelled(example: Example, label: Label) -> Example:
    """The example with the label that it comes from."""
    return structs.replace(
        example,
        label_id=label.label_id,
        labeler=label.labeler,
        label_source=label.source,
        labelled_at_ms=label.labelled_at_ms,
        as_of_ms=label.as_of_ms,
        fraud_type=label.fraud_type,
    )
