"""The detector: one transaction and its user's state in, one scored transaction out.

    check -> first decision? -> compact -> moment -> features, rules -> score -> decision, reasons -> insert

Every check that can refuse a record comes before the first change of the state.
"""

from typing import NamedTuple, get_args

import msgspec
from msgspec import Struct

from detector.attributes import Attributes
from detector.currency import factors_into, normalised
from detector.decision import decide, profile_of, thresholds_by_profile
from detector.explanation import reasons_of, weigh
from detector.facts import Facts, facts_of
from detector.feature_catalogue import features_of
from detector.history import advance, insert, is_late
from detector.knowledge import Knowledge
from detector.known_frauds import subjects_of
from detector.moment import Moment
from detector.payment import payment_of
from detector.recent_decisions import Decided, first_decision, record_decision
from detector.records import Bytes
from detector.rules import hits_of, rules_log_odds
from detector.state import UserState
from detector.user_events import note
from weir.artefact import probability
from weir.compiled import warm_up
from weir.errors import InvalidRecord
from weir.feature_schema import LOG_AMOUNT
from weir.feature_vector import Features, named
from weir.messages import (
    Decision,
    ModelRef,
    Position,
    Reason,
    ReputationKey,
    RuleHit,
    ScoredTransaction,
    Transaction,
    UserEvent,
    is_alert,
)
from weir.settings import DetectorSettings
from weir.vectors import packed
from weir.voices import risk


class Arrival(NamedTuple):
    """A transaction as it arrived: decoded from `raw`, with its position in Kafka and the wall clock."""

    transaction: Transaction
    raw: bytes
    source: Position
    now_ms: int


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
    """Scores transactions. It holds only settings; everything that changes is in the user's state."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._factors = factors_into(settings.base_currency)
        self._thresholds = thresholds_by_profile(settings)
        self._attributes = Attributes(settings.numeric_attributes, settings.categorical_attributes)

    def score(self, state: UserState, arrival: Arrival, knowledge: Knowledge) -> ScoredTransaction:
        """Score a transaction and add it to its user's state, which changes in place.

        Raises:
            InvalidRecord: the event time or the currency is impossible; the state is unchanged.
        """
        transaction = arrival.transaction
        time_ms = self._checked_time(transaction.event_time_ms, arrival.now_ms)
        amount = normalised(transaction.amount, transaction.currency, self._factors)
        first = first_decision(state, transaction.transaction_id)
        if first is not None:
            return _scored(arrival, time_ms, amount, _again(first, knowledge))
        payment, lateness_ms = self._payment(transaction, time_ms, amount), self._settings.allowed_lateness_ms
        late = is_late(state.array, time_ms, lateness_ms)
        if not late:
            advance(state.array, time_ms, lateness_ms)
        judgement = self._judge(state, transaction, payment, knowledge, late=late)
        if not late:
            self._insert(state, payment)
        record_decision(state, _decided(transaction.transaction_id, judgement))
        return _scored(arrival, time_ms, amount, judgement)

    def observe(self, state: UserState, event: UserEvent, *, now_ms: int) -> None:
        """Add a confirmation or a challenge's outcome to the state.

        Raises:
            InvalidRecord: the event time is impossible; the state is unchanged.
        """
        self._checked_time(event.event_time_ms, now_ms)
        note(state.array, event)

    def _checked_time(self, time_ms: int, now_ms: int) -> int:
        if time_ms < 0:
            raise InvalidRecord("event_time", "is before 1970")
        if time_ms > now_ms + self._settings.future_skew_ms:
            raise InvalidRecord("event_time", f"is {time_ms - now_ms} ms in the future")
        return time_ms

    def _payment(self, transaction: Transaction, time_ms: int, amount: float) -> Bytes:
        attributes = self._attributes.values(transaction.attributes)
        return payment_of(transaction, time_ms, amount, self._settings.otp_threshold, attributes)

    def _insert(self, state: UserState, payment: Bytes) -> None:
        while not insert(state.array, payment, self._settings.max_recent_events):
            state.make_room()

    def _judge(
        self, state: UserState, transaction: Transaction, payment: Bytes, knowledge: Knowledge, *, late: bool
    ) -> Judgement:
        subjects = subjects_of(transaction, knowledge.reputation)
        numbers = facts_of(state.array, payment, subjects)
        vector, facts = features_of(numbers, subjects), Facts._make(numbers.tolist())
        moment = self._moment(transaction, facts, knowledge)
        hits, profile, features = hits_of(moment), profile_of(facts), packed(vector)
        model = knowledge.champion.scorer if knowledge.champion is not None else None
        rules = rules_log_odds(hits, float(vector[LOG_AMOUNT]))
        score = probability(risk(model, rules, vector))
        decision = decide(score, self._thresholds[profile], hits, model.trust if model is not None else 0.0)
        return Judgement(
            score=score,
            decision=decision,
            profile=profile,
            model=knowledge.champion.ref if knowledge.champion is not None else None,
            flags=[*knowledge.flags, *_flags(facts, knowledge, late)],
            features=features,
            reasons=reasons_of(weigh(hits, vector, model), hits, named(features), moment) if is_alert(decision) else [],
            rules=hits,
            rules_log_odds=rules,
        )

    def _moment(self, transaction: Transaction, facts: Facts, knowledge: Knowledge) -> Moment:
        merchant_id, merchant = transaction.merchant_id, None
        if merchant_id is not None and facts.merchant_known:
            merchant = knowledge.reputation[ReputationKey("merchant", merchant_id, bool(facts.own_device))]
        return Moment(transaction, facts, merchant, self._settings.base_currency, self._attributes)


def _flags(facts: Facts, knowledge: Knowledge, late: bool) -> list[str]:
    raised = (
        ("no_model", knowledge.champion is None),
        ("late", late),
        ("history_cold", facts.cold),
        ("window_truncated", facts.window_truncated),
    )
    return [flag for flag, holds in raised if holds]


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
    detector, state, here = Detector(DetectorSettings()), UserState(), Position("warm", 0, 0)
    for told in get_args(UserEvent.__annotations__["type"]):
        detector.observe(state, UserEvent(event_id="e", user_id="u", event_time=0, type=told, device_id="d"), now_ms=0)
    payment = Transaction(transaction_id="t", user_id="u", event_time=0, amount=1.0)
    detector.score(state, Arrival(payment, b"null", here, now_ms=0), Knowledge(b""))
