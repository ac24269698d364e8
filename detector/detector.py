"""The detector: one transaction and its user's state in, one scored transaction out.

    check -> first decision? -> compact -> moment -> features, rules -> score -> decision, reasons -> insert

Every check that can refuse a record comes before the first change of the state.
"""

from collections.abc import Mapping, Sequence

import msgspec

from detector.currency import factors_into, normalised
from detector.decision import decide, profile_of, thresholds_by_profile
from detector.explanation import reasons_of, weigh
from detector.feature_catalogue import features_of
from detector.habits import DAY_MS
from detector.history import advance, insert, is_late
from detector.moment import Moment, moment_of
from detector.recent_decisions import Decided, first_decision, record_decision
from detector.rules import hits_of, rules_log_odds
from detector.state import Event, UserState
from detector.user_events import note
from weir.artefact import probability
from weir.champion import Champion
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
        late = is_late(state, time_ms, self._settings.allowed_lateness_ms)
        if not late:
            advance(state, time_ms, self._settings.allowed_lateness_ms)
        moment = self._look(state, transaction, time_ms, amount, reputation)
        all_flags = [*flags, *_flags(moment, champion, late)]
        scored = self._judge(moment, champion, source=source, now_ms=now_ms, raw=raw, flags=all_flags)
        if not late:
            insert(state, _event(transaction, time_ms, amount), self._settings.max_recent_events)
        _record(state, scored)
        return scored

    def observe(self, state: UserState, event: UserEvent, *, now_ms: int) -> None:
        """Add a confirmation or a challenge's outcome to the state.

        Raises:
            InvalidRecord: the event time is impossible; the state is unchanged.
        """
        self._checked_time(event.event_time_ms, now_ms)
        note(state, event)

    def _checked_time(self, time_ms: int, now_ms: int) -> int:
        if time_ms < 0:
            raise InvalidRecord("event_time", "is before 1970")
        if time_ms > now_ms + self._settings.future_skew_ms:
            raise InvalidRecord("event_time", f"is {time_ms - now_ms} ms in the future")
        return time_ms

    def _look(
        self,
        state: UserState,
        transaction: Transaction,
        time_ms: int,
        amount: float,
        reputation: Mapping[ReputationKey, Reputation],
    ) -> Moment:
        return moment_of(
            state,
            transaction,
            time_ms=time_ms,
            amount=amount,
            currency=self._settings.base_currency,
            otp_threshold=self._settings.otp_threshold,
            reputation=reputation,
        )

    def _judge(
        self,
        moment: Moment,
        champion: Champion | None,
        *,
        source: Position,
        now_ms: int,
        raw: bytes,
        flags: list[str],
    ) -> ScoredTransaction:
        features, hits, profile = features_of(moment), hits_of(moment), profile_of(moment)
        scorer, transaction = champion.scorer if champion is not None else None, moment.transaction
        rules = rules_log_odds(hits)
        score = probability(risk(scorer, rules, features))
        decision = decide(score, self._thresholds[profile], hits, scorer.trust if scorer is not None else 0.0)
        return ScoredTransaction(
            transaction_id=transaction.transaction_id,
            user_id=transaction.user_id,
            event_time_ms=moment.time_ms,
            amount=moment.amount,
            score=score,
            decision=decision,
            profile=profile,
            features=features,
            reasons=reasons_of(weigh(hits, features, scorer), hits, features, moment) if is_alert(decision) else [],
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


def _flags(moment: Moment, champion: Champion | None, late: bool) -> list[str]:
    truncated_ms = moment.state.truncated_ms
    raised = {
        "no_model": champion is None,
        "late": late,
        "history_cold": moment.is_cold,
        "window_truncated": truncated_ms is not None and truncated_ms > moment.time_ms - DAY_MS,
    }
    return [flag for flag, holds in raised.items() if holds]


def _event(transaction: Transaction, time_ms: int, amount: float) -> Event:
    return Event(
        time_ms=time_ms,
        cents=float(round(amount * 100)),
        merchant_id=transaction.merchant_id,
        category=transaction.merchant_category,
        device_id=transaction.device_id,
        country=transaction.country,
        latitude=transaction.latitude,
        longitude=transaction.longitude,
        card_id=transaction.card_id,
        ip=transaction.ip or None,
    )


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
