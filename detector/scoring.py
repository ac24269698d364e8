"""The detector: one transaction and its user's state in, one scored transaction and the state after it out.

    check -> first decision? -> payment -> assessment (features, rules, score, state) -> decision -> reasons

Every check that can refuse a record comes before the assessment.
"""

from typing import NamedTuple, get_args

import msgspec
from msgspec import Struct

from detector.assessment import Assessor, Found
from detector.currency import factors_into, normalised
from detector.decision import PROFILES, decide, thresholds_by_profile
from detector.explanation import reasons_of, weigh
from detector.knowledge import Knowledge
from detector.moment import Moment
from detector.payment import Payments
from detector.recent_decisions import Decided, first_decision, may_hold, with_decision
from detector.rules import hits_of
from detector.state_encoding import decode_state, encode_state, joined, state_bytes
from detector.user_events import note
from weir.compiled import warm_up
from weir.errors import InvalidRecord
from weir.feature_vector import Features, named
from weir.messages import (
    Decision,
    ModelRef,
    Position,
    Reason,
    RuleHit,
    ScoredTransaction,
    Transaction,
    UserEvent,
    is_alert,
)
from weir.settings import DetectorSettings


class Arrival(NamedTuple):
    """A transaction as it arrived: decoded from `raw`, with its position in Kafka and the wall clock."""

    transaction: Transaction
    raw: bytes
    source: Position
    now_ms: int


class Scored(NamedTuple):
    """A scored transaction, and its user's state after it."""

    transaction: ScoredTransaction
    state: bytes


class Judgement(Struct, frozen=True, gc=False):
    """What the detector makes of a transaction; the fields are those of `ScoredTransaction`."""

    score: float
    decision: Decision
    profile: str
    model: ModelRef | None
    flags: list[str]
    features: Features = {}
    reasons: list[Reason] = []
    rules: list[RuleHit] = []
    rules_log_odds: float | None = None


class Detector:
    """Scores transactions. It holds only settings and working memory; everything that changes is in the user's state."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._factors = factors_into(settings.base_currency)
        self._thresholds = thresholds_by_profile(settings)
        self._payments, self._assessor = Payments(settings), Assessor(settings)

    def score(self, user: bytes | None, arrival: Arrival, knowledge: Knowledge) -> Scored:
        """Score a transaction and add it to its user's encoded state, None for a new user.

        Raises:
            InvalidRecord: the event time or the currency is impossible.
        """
        transaction, state = arrival.transaction, state_bytes(user)
        time_ms = self._checked_time(transaction.event_time_ms, arrival.now_ms)
        amount = normalised(transaction.amount, transaction.currency, self._factors)
        if may_hold(state.payload, transaction.transaction_id):
            first = first_decision(decode_state(user).decided, transaction.transaction_id)
            if first is not None:
                return Scored(_scored(arrival, time_ms, amount, _again(first, knowledge)), state.payload)
        subjects = knowledge.reputation.subjects_of(transaction)
        payment = self._payments.record_of(transaction, time_ms, amount, subjects)
        found = self._assessor.assess(state, payment, knowledge.model)
        judgement = self._judge(transaction, found, knowledge)
        decided = with_decision(
            state.decided(found.read), state.decided_count, _decided(transaction.transaction_id, judgement)
        )
        return Scored(
            _scored(arrival, time_ms, amount, judgement), joined(self._assessor.records(found.written), *decided)
        )

    def observe(self, user: bytes | None, event: UserEvent, *, now_ms: int) -> bytes:
        """Add a confirmation or a challenge's outcome to a user's encoded state and return it.

        Raises:
            InvalidRecord: the event time is impossible.
        """
        self._checked_time(event.event_time_ms, now_ms)
        state = decode_state(user)
        note(state.array, event)
        return encode_state(state)

    def _checked_time(self, time_ms: int, now_ms: int) -> int:
        if time_ms < 0:
            raise InvalidRecord("event_time", "is before 1970")
        if time_ms > now_ms + self._settings.future_skew_ms:
            raise InvalidRecord("event_time", f"is {time_ms - now_ms} ms in the future")
        return time_ms

    def _judge(self, transaction: Transaction, found: Found, knowledge: Knowledge) -> Judgement:
        """Turn what was found into a decision; words are found for what fired and for alerts only."""
        hits = hits_of(found.fired, self._moment(transaction)) if found.fired else []
        profile, model, champion = PROFILES[found.profile], knowledge.model, knowledge.champion
        decision = decide(found.score, self._thresholds[profile], hits, model.trust)
        features = self._assessor.features()
        reasons = []
        if is_alert(decision):
            evidence = weigh(hits, self._assessor.vector, model)
            reasons = reasons_of(evidence, hits, named(features), self._moment(transaction))
        return Judgement(
            score=found.score,
            decision=decision,
            profile=profile,
            model=None if champion is None else champion.ref,
            flags=_flags(found, knowledge),
            features=features,
            reasons=reasons,
            rules=hits,
            rules_log_odds=found.rules_log_odds,
        )

    def _moment(self, transaction: Transaction) -> Moment:
        return Moment(transaction, self._assessor.facts(), self._settings.base_currency, self._payments.attributes)


def _flags(found: Found, knowledge: Knowledge) -> list[str]:
    flags = [*knowledge.flags]
    if knowledge.champion is None:
        flags.append("no_model")
    if found.late:
        flags.append("late")
    if found.cold:
        flags.append("history_cold")
    if found.truncated:
        flags.append("window_truncated")
    return flags


def _again(first: Decided, knowledge: Knowledge) -> Judgement:
    """Repeat the first decision; features stay empty so that nothing is learned from a repetition."""
    return Judgement(first.score, first.decision, first.profile, first.model, [*knowledge.flags, "duplicate"])


def _decided(transaction_id: str, judgement: Judgement) -> Decided:
    return Decided(transaction_id, judgement.score, judgement.decision, judgement.profile, judgement.model)


def _scored(arrival: Arrival, time_ms: int, amount: float, judgement: Judgement) -> ScoredTransaction:
    transaction = arrival.transaction
    return ScoredTransaction(
        schema_version=2,
        transaction_id=transaction.transaction_id,
        user_id=transaction.user_id,
        event_time_ms=time_ms,
        amount=amount,
        score=judgement.score,
        decision=judgement.decision,
        profile=judgement.profile,
        features=judgement.features,
        reasons=judgement.reasons,
        rules=judgement.rules,
        flags=judgement.flags,
        model=judgement.model,
        source=arrival.source,
        scored_at_ms=arrival.now_ms,
        merchant_id=transaction.merchant_id,
        device_id=transaction.device_id,
        ip=transaction.ip or None,
        card_id=transaction.card_id,
        rules_log_odds=judgement.rules_log_odds,
        transaction=msgspec.Raw(arrival.raw),
    )


@warm_up
def _score_one_of_each() -> None:
    detector, state, here = Detector(DetectorSettings()), None, Position("warm", 0, 0)
    for told in get_args(UserEvent.__annotations__["type"]):
        event = UserEvent(event_id="e", user_id="u", event_time=0, type=told, device_id="d")
        state = detector.observe(state, event, now_ms=0)
    payment = Transaction(transaction_id="t", user_id="u", event_time=0, amount=1.0)
    detector.score(state, Arrival(payment, b"null", here, now_ms=0), Knowledge(b""))
