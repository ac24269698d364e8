"""The detector: one transaction and its user's state in, one scored transaction out.

    check -> first decision? -> compact -> moment -> features, rules -> score -> decision, reasons -> insert

Every check that can refuse a record comes before the first change of the state.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec

from detector.currency import factors_into, normalised
from detector.decision import decide, profile_of, thresholds_by_profile
from detector.explanation import reasons_of, weigh
from detector.facts import Facts, facts_of
from detector.feature_catalogue import features_of, named
from detector.history import advance, insert, is_late
from detector.known_frauds import subjects_of
from detector.moment import Moment
from detector.payment import payment_of
from detector.recent_decisions import Decided, first_decision, record_decision
from detector.records import Bytes
from detector.rules import hits_of, rules_log_odds
from detector.state import UserState
from detector.user_events import note
from weir.artefact import probability
from weir.champion import Champion
from weir.compiled import Floats, warm_up
from weir.errors import InvalidRecord
from weir.messages import (
    Position,
    Reputation,
    ReputationKey,
    ScoredTransaction,
    Transaction,
    UserEvent,
    is_alert,
)
from weir.settings import DetectorSettings
from weir.voices import risk


class Detector:
    """Scores transactions. It holds only settings; everything that changes is in the user's state."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._factors = factors_into(settings.base_currency)
        self._thresholds = thresholds_by_profile(settings)

    def score(
        self,
        state: UserState,
        transaction: Transaction,
        *,
        source: Position,
        champion: Champion | None,
        reputation: Mapping[ReputationKey, Reputation],
        now_ms: int,
        raw: bytes,
        flags: Sequence[str] = (),
    ) -> ScoredTransaction:
        """Score a transaction and add it to the state.

        Args:
            state: The user's state; changed in place.
            transaction: The decoded `raw`.
            source: Its position in Kafka.
            champion: The model in force; None before the first.
            reputation: The merchants' reputations.
            now_ms: The wall clock.
            raw: The original JSON, copied into the scored transaction.
            flags: Flags that the caller adds, such as that of a refused model.

        Raises:
            InvalidRecord: the event time or the currency is impossible; the state is unchanged.
        """
        time_ms = self._checked_time(transaction.event_time_ms, now_ms)
        amount = normalised(transaction.amount, transaction.currency, self._factors)
        first = first_decision(state, transaction.transaction_id)
        if first is not None:
            return _again(
                first,
                transaction,
                time_ms=time_ms,
                amount=amount,
                source=source,
                now_ms=now_ms,
                raw=raw,
                flags=[*flags, "duplicate"],
            )
        payment, lateness_ms = self._payment(transaction, time_ms, amount), self._settings.allowed_lateness_ms
        late = is_late(state.array, time_ms, lateness_ms)
        if not late:
            advance(state.array, time_ms, lateness_ms)
        subjects = subjects_of(transaction, reputation)
        facts = facts_of(state.array, payment, subjects)
        moment = self._moment(transaction, Facts(*facts.tolist()), reputation)
        scored = self._judge(
            moment,
            features_of(facts, subjects),
            champion,
            source=source,
            now_ms=now_ms,
            raw=raw,
            flags=[*flags, *_flags(moment.facts, champion, late)],
        )
        if not late:
            self._insert(state, payment)
        _record(state, scored)
        return scored

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
        return payment_of(transaction, time_ms, amount, self._settings.otp_threshold)

    def _insert(self, state: UserState, payment: Bytes) -> None:
        while not insert(state.array, payment, self._settings.max_recent_events):
            state.make_room()

    def _moment(self, transaction: Transaction, facts: Facts, reputation: Mapping[ReputationKey, Reputation]) -> Moment:
        merchant_id, merchant = transaction.merchant_id, None
        if merchant_id is not None and facts.merchant_known:
            merchant = reputation[ReputationKey("merchant", merchant_id, bool(facts.own_device))]
        return Moment(transaction, facts, merchant, self._settings.base_currency)

    def _judge(
        self,
        moment: Moment,
        vector: Floats,
        champion: Champion | None,
        *,
        source: Position,
        now_ms: int,
        raw: bytes,
        flags: list[str],
    ) -> ScoredTransaction:
        hits, profile, features = hits_of(moment), profile_of(moment.facts), named(vector)
        scorer, transaction = champion.scorer if champion is not None else None, moment.transaction
        rules = rules_log_odds(hits)
        score = probability(risk(scorer, rules, vector))
        decision = decide(score, self._thresholds[profile], hits, scorer.trust if scorer is not None else 0.0)
        return ScoredTransaction(
            transaction_id=transaction.transaction_id,
            user_id=transaction.user_id,
            event_time_ms=int(moment.facts.time_ms),
            amount=moment.facts.amount,
            score=score,
            decision=decision,
            profile=profile,
            features=features,
            reasons=reasons_of(weigh(hits, vector, scorer), hits, features, moment) if is_alert(decision) else [],
            rules=hits,
            flags=flags,
            model=champion.ref if champion is not None else None,
            source=source,
            scored_at_ms=now_ms,
            merchant_id=transaction.merchant_id,
            device_id=transaction.device_id,
            ip=transaction.ip or None,
            card_id=transaction.card_id,
            rules_log_odds=rules,
            transaction=msgspec.Raw(raw),
        )


def _flags(facts: Facts, champion: Champion | None, late: bool) -> list[str]:
    raised = {
        "no_model": champion is None,
        "late": late,
        "history_cold": facts.cold,
        "window_truncated": facts.window_truncated,
    }
    return [flag for flag, holds in raised.items() if holds]


def _record(state: UserState, scored: ScoredTransaction) -> None:
    decided = Decided(scored.transaction_id, scored.score, scored.decision, scored.profile, scored.model)
    record_decision(state, decided)


def _again(
    first: Decided,
    transaction: Transaction,
    *,
    time_ms: int,
    amount: float,
    source: Position,
    now_ms: int,
    raw: bytes,
    flags: list[str],
) -> ScoredTransaction:
    """Repeat the first decision; features stay empty so that nothing is learned from a repetition."""
    return ScoredTransaction(
        transaction_id=transaction.transaction_id,
        user_id=transaction.user_id,
        event_time_ms=time_ms,
        amount=amount,
        score=first.score,
        decision=first.decision,
        profile=first.profile,
        features={},
        flags=flags,
        model=first.model,
        source=source,
        scored_at_ms=now_ms,
        merchant_id=transaction.merchant_id,
        device_id=transaction.device_id,
        ip=transaction.ip or None,
        card_id=transaction.card_id,
        transaction=msgspec.Raw(raw),
    )


@warm_up
def _score_one_of_each() -> None:
    detector, state, here = Detector(DetectorSettings()), UserState(), Position("warm", 0, 0)
    for told in get_args(UserEvent.__annotations__["type"]):
        detector.observe(state, UserEvent(event_id="e", user_id="u", event_time=0, type=told, device_id="d"), now_ms=0)
    payment = Transaction(transaction_id="t", user_id="u", event_time=0, amount=1.0)
    detector.score(state, payment, source=here, champion=None, reputation={}, now_ms=0, raw=b"null")
