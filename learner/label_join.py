"""The label join: turn the scores and labels of one transaction id into examples, each verdict once.

    scored    --- a customer's first ---+
                                        +--> example | revision | confirmation
    labels    --- once per label id ----+
                                        +--> dead letter (no such transaction, too many labels, or made too early)
    clock     --- maturity, retention --+--> implicit legitimate example; the state is dropped

A transaction at event time t counts as legitimate at t + maturity if it has no label by then, and is forgotten at
t + retention. On the wall clock t is the time of its score if that is later: nobody can label a payment before it is
known. Apart from maturity, the result depends neither on how the two streams interleave nor on duplicates.

An id belongs to its customer: payments of several customers may share one. A label without a customer is then refused.

The verdict in force is the one that was made last, by `labelled_at_ms`, not the one that arrived last. Of two made at the
same moment the later arrival counts. What counts as legitimate by maturity gives way to any label.
"""

import hashlib

import msgspec
from msgspec import Struct, field, structs

from weir.feature_vector import Features
from weir.messages import MONEY_BACK, Decision, Example, Label, ModelRef, Outcome, Position, ScoredTransaction, Verdict
from weir.settings import LearningSettings

MAX_LABELS = 64
"""Labels of one transaction; a further one is dead-lettered. Bounds the state. A round number; not measured."""


MAX_OTHERS = 7
"""Customers beside the first with payments of the same id; a further one's gets no label. Bounds the state. Not measured."""


class Waiting(Struct, array_like=True):
    """A label whose transaction has not been scored yet. `payload` is kept for a dead letter."""

    label: Label
    source: Position
    payload: bytes


class Subject(Struct, frozen=True, array_like=True):
    """The part of a scored transaction that becomes an example; what only people read is left out.

    On the wall clock, `known_ms` is when it was scored, if that was after its event time.
    """

    transaction_id: str
    event_time_ms: int
    amount: float | None
    score: float
    decision: Decision
    features: Features
    model: ModelRef | None
    merchant_id: str | None
    user_id: str | None = None
    device_id: str | None = None
    ip: str | None = None
    card_id: str | None = None
    money_back: bool = False
    known_ms: int | None = None


class JoinState(Struct, array_like=True):
    """The state of one transaction id. `verdict`, `revision`, `weight` and `made_ms` describe the verdict in force.

    `made_ms` is wall time; None if no label gave the verdict, or none since an upgrade from 0.1.0. `others` are the
    payments of other customers with the same id, each with its own verdict; `waiting` and `label_ids` are common to all.
    """

    subject: Subject | None = None
    waiting: list[Waiting] = field(default_factory=list)
    label_ids: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    revision: int = 0
    weight: float = 0.0
    matured: bool = False
    made_ms: int | None = None
    others: list["JoinState"] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the state holds nothing and may be cleared."""
        return self.subject is None and not self.label_ids


class Unusable(Struct, frozen=True):
    """A label that cannot become an example, with the reason for its dead letter."""

    field: str
    reason: str
    source: Position
    payload: bytes


class Joined(Struct):
    """The output of one event, in order."""

    examples: list[Example] = field(default_factory=list)
    dead_letters: list[Unusable] = field(default_factory=list)


_STATE = msgspec.msgpack.Decoder(JoinState)


def encode_join_state(state: JoinState) -> bytes:
    """Encode the state. This is an on-disk format: append new fields, each with a default."""
    return msgspec.msgpack.encode(state)


def decode_join_state(payload: bytes | None) -> JoinState:
    """Decode the state; a new id has an empty one."""
    return _STATE.decode(payload) if payload else JoinState()


class LabelJoin:
    """The rules of the join. The `on_` methods change `state` in place and return the output.

    >>> join, state = LabelJoin(LearningSettings()), JoinState()
    >>> join.next_timer_ms(state) is None
    True
    """

    def __init__(self, settings: LearningSettings) -> None:
        self._maturity_ms = settings.maturity_horizon_s * 1000
        self._retention_ms = max(settings.retention_s, settings.maturity_horizon_s) * 1000
        self._share, self._on_the_wall = settings.implicit_share, settings.clock == "wall"

    def on_scored(self, state: JoinState, scored: ScoredTransaction) -> Joined:
        """Keep a customer's first score of an id and apply the labels that waited for it. Ignore later scores."""
        whose = [one for one in (state, *state.others) if one.subject is not None]
        if any(_is_of(one.subject, scored.user_id) for one in whose) or len(state.others) >= MAX_OTHERS:
            return Joined()
        late = self._on_the_wall and scored.scored_at_ms > scored.event_time_ms
        payment = JoinState() if whose else state
        payment.subject = subject = _subject_of(scored, scored.scored_at_ms if late else None)
        if whose:
            state.others.append(payment)
        waiting, state.waiting = state.waiting, []
        joined = Joined()
        for arrived in waiting:
            if arrived.label.user_id in {None, scored.user_id}:
                self._apply(payment, subject, arrived, joined)
            else:
                state.waiting.append(arrived)
        return joined

    def on_label(self, state: JoinState, label: Label, *, source: Position, payload: bytes) -> Joined:
        """Apply a label once; if its transaction has not been scored yet, let it wait.

        A label must say whose payment it means where several customers have payments with its id.
        """
        if label.label_id in state.label_ids:
            return Joined()
        if len(state.label_ids) >= MAX_LABELS:
            reason = f"the transaction already has {MAX_LABELS} labels"
            return Joined(dead_letters=[Unusable("transaction_id", reason, source, payload)])
        state.label_ids.append(label.label_id)
        arrived, joined = Waiting(label, source, payload), Joined()
        payments = [one for one in (state, *state.others) if one.subject is not None]
        meant = [one for one in payments if label.user_id is None or _is_of(one.subject, label.user_id)]
        if len(meant) > 1:
            reason = f"{len(meant)} customers have payments with this id; say whose is meant with user_id"
            joined.dead_letters.append(Unusable("transaction_id", reason, source, payload))
        elif meant and meant[0].subject is not None:
            self._apply(meant[0], meant[0].subject, arrived, joined)
        else:
            state.waiting.append(arrived)
        return joined

    def on_timer(self, state: JoinState, now_ms: int) -> Joined:
        """Do what is due by the clock's time: maturity, retention, expiry of waiting labels. Safe to repeat."""
        joined = Joined(dead_letters=self._expire(state, now_ms))
        for payment in (state, *state.others):
            if payment.subject is not None and now_ms >= self._maturity(payment.subject) and not payment.matured:
                payment.matured = True
                joined.examples += self._implicit(payment, payment.subject)
        kept = [
            one for one in (state, *state.others) if one.subject is not None and now_ms < self._retention(one.subject)
        ]
        _keep(state, kept)
        return joined

    def next_timer_ms(self, state: JoinState) -> int | None:
        """Return when the next timer is due by the clock, None if there is nothing to wait for."""
        subjects = [(one.subject, one.matured) for one in (state, *state.others) if one.subject is not None]
        due = [self._retention(subject) if matured else self._maturity(subject) for subject, matured in subjects]
        return min([*due, *(self._expiry(waiting) for waiting in state.waiting)], default=None)

    def _maturity(self, subject: Subject) -> int:
        return _since_ms(subject) + self._maturity_ms

    def _retention(self, subject: Subject) -> int:
        return _since_ms(subject) + self._retention_ms

    def _expiry(self, waiting: Waiting) -> int:
        label = waiting.label
        known_ms = label.labelled_at_ms if label.as_of_ms is None else label.as_of_ms
        return known_ms + self._retention_ms

    def _expire(self, state: JoinState, now_ms: int) -> list[Unusable]:
        """Return the waiting labels that are due."""
        due = [waiting for waiting in state.waiting if self._expiry(waiting) <= now_ms]
        state.waiting = [waiting for waiting in state.waiting if self._expiry(waiting) > now_ms]
        reason = "no such transaction was scored within the retention time"
        return [Unusable("transaction_id", reason, waiting.source, waiting.payload) for waiting in due]

    def _implicit(self, state: JoinState, subject: Subject) -> list[Example]:
        """Make a matured, unlabelled transaction a legitimate example.

        Only a share of them is kept; each counts for the others through its weight. Money back is none of them.
        """
        if state.verdict is not None or subject.money_back or hash_share(subject.transaction_id) >= self._share:
            return []
        state.verdict, state.weight = "legitimate", 1 / self._share
        example = _example_of(subject, "example", state.verdict, revision=0, weight=state.weight)
        return [structs.replace(example, as_of_ms=self._maturity(subject))]

    def _apply(self, state: JoinState, subject: Subject, arrived: Waiting, joined: Joined) -> None:
        """Add the label's example, or its dead letter if another verdict was made later."""
        label, made_ms = arrived.label, state.made_ms
        if label.verdict != state.verdict and made_ms is not None and label.labelled_at_ms < made_ms:
            joined.dead_letters.append(_made_too_early(arrived, made_ms))
            return
        state.made_ms = label.labelled_at_ms if made_ms is None else max(made_ms, label.labelled_at_ms)
        joined.examples.append(self._example(state, subject, label))

    def _example(self, state: JoinState, subject: Subject, label: Label) -> Example:
        """Return the label's example; unless it is a confirmation, its verdict is then the one in force."""
        if label.verdict == state.verdict:
            confirmation = _example_of(subject, "confirmation", label.verdict, revision=state.revision, weight=0.0)
            return _labelled(confirmation, label)
        if state.verdict is None:
            example = _example_of(subject, "example", label.verdict, revision=0, weight=1.0)
        else:
            revision = _example_of(subject, "revision", label.verdict, revision=state.revision + 1, weight=1.0)
            example = structs.replace(revision, supersedes=state.revision, superseded_weight=state.weight)
        state.verdict, state.revision, state.weight = example.verdict, example.revision, example.weight
        return _labelled(example, label)


def hash_share(transaction_id: str) -> float:
    """Return an evenly spread number in [0, 1) that depends on the id alone, so a replay draws the same sub-sample."""
    digest = hashlib.blake2b(transaction_id.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _since_ms(subject: Subject) -> int:
    return subject.event_time_ms if subject.known_ms is None else subject.known_ms


def _subject_of(scored: ScoredTransaction, known_ms: int | None) -> Subject:
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
        device_id=scored.device_id,
        ip=scored.ip,
        card_id=scored.card_id,
        money_back=MONEY_BACK in scored.flags,
        known_ms=known_ms,
    )


def _made_too_early(arrived: Waiting, in_force_ms: int) -> Unusable:
    made_ms = arrived.label.labelled_at_ms
    reason = f"was made {(in_force_ms - made_ms) / 1000:,.0f} s before the verdict in force, which says otherwise"
    return Unusable("labelled_at_ms", reason, arrived.source, arrived.payload)


def _is_of(subject: Subject | None, user_id: str) -> bool:
    """Whether a payment is this customer's. An old state does not say whose it is, so it may be anybody's."""
    return subject is not None and subject.user_id in {None, user_id}


def _keep(state: JoinState, payments: list[JoinState]) -> None:
    """Keep these payments in place, because the caller holds the state; without any, only labels that wait."""
    first, *others = payments or [JoinState()]
    if first is not state:
        for name in ("subject", "verdict", "revision", "weight", "matured", "made_ms"):
            setattr(state, name, getattr(first, name))
    state.others = others
    if not payments and not state.waiting:
        state.label_ids = []


def _example_of(subject: Subject, outcome: Outcome, verdict: Verdict, *, revision: int, weight: float) -> Example:
    """Build an example with the features as they were scored, without a label's fields."""
    return Example(
        schema_version=2,
        transaction_id=subject.transaction_id,
        revision=revision,
        outcome=outcome,
        verdict=verdict,
        weight=weight,
        event_time_ms=subject.event_time_ms,
        amount=subject.amount,
        score=subject.score,
        decision=subject.decision,
        features=subject.features,
        model=subject.model,
        merchant_id=subject.merchant_id,
        user_id=subject.user_id,
        device_id=subject.device_id,
        ip=subject.ip,
        card_id=subject.card_id,
    )


def _labelled(example: Example, label: Label) -> Example:
    """Copy the label's fields into the example."""
    return structs.replace(
        example,
        label_id=label.label_id,
        labeler=label.labeler,
        label_source=label.source,
        labelled_at_ms=label.labelled_at_ms,
        as_of_ms=label.as_of_ms,
        fraud_type=label.fraud_type,
    )
