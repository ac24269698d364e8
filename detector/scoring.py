"""The detector: one transaction and its user's state in, one scored transaction and the state after it out.

    check -> payment -> assessment (features, rules, score, state) -> decision -> reasons

Every check that can refuse a record comes before the assessment.
"""

from collections.abc import Sequence
from math import isnan, nan
from typing import NamedTuple, get_args

import msgspec

from detector.assessment import Assessor, Found
from detector.currency import Rates
from detector.decision import PROFILES, decide, thresholds_by_profile
from detector.explanation import reasons_of, weigh
from detector.knowledge import Knowledge
from detector.moment import Moment
from detector.payment import Payments
from detector.repeats import CONFLICT, NEW
from detector.rules import hits_of
from detector.state_encoding import decode_state, encode_state, encoded
from detector.user_events import note
from weir.compiled import warm_up
from weir.messages import MONEY_BACK, Decision, Position, ScoredTransaction, Transaction, UserEvent, is_alert
from weir.payments import is_money_back
from weir.settings import DetectorSettings
from weir.times import EARLIEST_MS, require_time

FLAGGED_AHEAD_MS = 1000
"""Clocks that are kept by NTP differ by less. A round number; not measured."""


class Arrival(NamedTuple):
    """A transaction as it arrived: decoded from `raw`, with its position in Kafka and the wall clock.

    `flags` say what of it was not understood (`weir.payments`).
    """

    transaction: Transaction
    raw: bytes
    source: Position
    now_ms: int
    flags: Sequence[str] = ()


class Scored(NamedTuple):
    """A scored transaction, and its user's state after it."""

    transaction: ScoredTransaction
    state: bytes


class Detector:
    """Scores transactions.

    Money back is scored without its amount, approved, and no part of its user's history (docs/adr/0029).

    The event time of a producer whose clock is fast counts as told among the user's payments, so that a resend is one;
    the time that leaves is never later than the wall clock.

    It holds only settings and working memory; everything that changes is in the user's state.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._rates = Rates(settings)
        self._thresholds = thresholds_by_profile(settings)
        self._payments, self._assessor = Payments(settings), Assessor(settings)

    def score(self, user: bytes | None, arrival: Arrival, knowledge: Knowledge) -> Scored:
        """Score a transaction and add it to its user's encoded state, None for a new user.

        Raises:
            InvalidRecord: the event time is impossible.
        """
        transaction = arrival.transaction
        time_ms = require_time("event_time", transaction.event_time_ms, arrival.now_ms + self._settings.future_skew_ms)
        amount = self._rates.converted(transaction.amount, transaction.currency, time_ms)
        spending = not is_money_back(transaction, self._settings.money_back_types)
        subjects = knowledge.reputation.subjects_of(transaction)
        spent = amount if spending else nan
        payment = self._payments.record_of(transaction, time_ms, spent, subjects, spending=spending)
        found = self._assessor.assess(encoded(user), payment, knowledge.model)
        scored = self._scored(arrival, time_ms, amount, found, knowledge)
        return Scored(scored, self._assessor.state(found))

    def observe(self, user: bytes | None, event: UserEvent, *, now_ms: int) -> bytes:
        """Add a confirmation or a challenge's outcome to a user's encoded state and return it.

        Raises:
            InvalidRecord: the event time is impossible.
        """
        require_time("event_time", event.event_time_ms, now_ms + self._settings.future_skew_ms)
        state = decode_state(user)
        note(state, event)
        return encode_state(state)

    def _scored(
        self, arrival: Arrival, time_ms: int, amount: float, found: Found, knowledge: Knowledge
    ) -> ScoredTransaction:
        """Turn what was found into a decision; words are found for what fired and for alerts only."""
        transaction, model, champion = arrival.transaction, knowledge.model, knowledge.champion
        hits = hits_of(found.fired, self._moment(transaction)) if found.fired and found.spending else []
        profile, priced = PROFILES[found.profile], not isnan(amount)
        decision: Decision = "approve"
        if found.spending:
            decision = decide(found.score, self._thresholds[profile], hits, model.trust)
        reasons = []
        if is_alert(decision):
            evidence = weigh(hits, self._assessor.vector, model)
            reasons = reasons_of(evidence, hits, self._assessor.vector, self._moment(transaction))
        return ScoredTransaction(
            schema_version=2,
            transaction_id=transaction.transaction_id,
            user_id=transaction.user_id,
            event_time_ms=min(time_ms, arrival.now_ms),
            amount=amount if priced else None,
            score=found.score,
            decision=decision,
            profile=profile,
            features=self._assessor.features(),
            reasons=reasons,
            rules=hits,
            flags=_flags(found, arrival, knowledge, priced=priced, ahead_ms=time_ms - arrival.now_ms),
            model=None if champion is None else champion.ref,
            source=arrival.source,
            scored_at_ms=arrival.now_ms,
            merchant_id=transaction.merchant_id,
            device_id=transaction.device_id,
            ip=transaction.ip or None,
            card_id=transaction.card_id,
            rules_log_odds=found.rules_log_odds,
            transaction=msgspec.Raw(arrival.raw),
        )

    def _moment(self, transaction: Transaction) -> Moment:
        return Moment(transaction, self._assessor.facts(), self._settings.base_currency, self._payments.attributes)


def _flags(found: Found, arrival: Arrival, knowledge: Knowledge, *, priced: bool, ahead_ms: int) -> list[str]:
    flags = [*knowledge.flags]
    if ahead_ms > FLAGGED_AHEAD_MS:
        flags.append("clock_ahead")
    if not priced:
        flags.append("amount_not_converted")
    if not found.spending:
        flags.append(MONEY_BACK)
    if knowledge.champion is None:
        flags.append("no_model")
    if found.repetition == CONFLICT:
        flags.append("id_conflict")
    elif found.repetition != NEW:
        flags.append("duplicate")
    if found.late:
        flags.append("late")
    if found.cold:
        flags.append("history_cold")
    if found.truncated:
        flags.append("window_truncated")
    flags += arrival.flags
    return flags


@warm_up
def _score_one_of_each() -> None:
    detector, state, here = Detector(DetectorSettings()), None, Position("warm", 0, 0)
    for told in get_args(UserEvent.__annotations__["type"]):
        event = UserEvent(event_id="e", user_id="u", event_time=EARLIEST_MS, type=told, device_id="d")
        state = detector.observe(state, event, now_ms=EARLIEST_MS)
    payment = Transaction(transaction_id="t", user_id="u", event_time=EARLIEST_MS, amount=1.0)
    detector.score(state, Arrival(payment, b"null", here, now_ms=EARLIEST_MS), Knowledge(b""))
