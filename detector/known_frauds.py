"""What the learning log knows at a payment's time about the frauds of its merchant, device, IP address or card."""

from collections.abc import Mapping
from math import exp, isnan, log, log1p, nan
from struct import Struct
from typing import Any

import numpy as np

from detector.habits import DAY_MS
from detector.records import NUMBER, Bytes, record
from weir.compiled import compiled
from weir.messages import Reputation, ReputationKey, Transaction

# How many payments the base rate counts for in the odds. A round number; not measured.
PRIOR_PAYMENTS = 2.0

NOT_NAMED, NONE_KNOWN, KNOWN = 0.0, 1.0, 2.0

_FIELDS = (
    *("known", "known_frauds", "known_legitimate", "fraud_rate", "fraud_run", "unexplained_frauds"),
    *("run_since_ms", "last_legitimate_ms", "last_fraud_ms", "reference_ms", "base_rate"),
    *("frauds_3d", "frauds_10d", "frauds_30d", "payments_3d", "payments_10d", "payments_30d"),
)
SUBJECT = record(*((name, NUMBER) for name in _FIELDS))
"""The reputation of one that a payment names: `known` is `NOT_NAMED`, `NONE_KNOWN` or `KNOWN`. What is missing is NaN."""

MERCHANT_OTHERS, MERCHANT_OWN, DEVICE, IP, CARD = range(5)
"""The subjects of a payment. A merchant has two: payments from customers' own devices, and all others."""

_PACKED = Struct(f"<{len(_FIELDS)}d")
_NOT_NAMED = _PACKED.pack(NOT_NAMED, *[nan] * (len(_FIELDS) - 1))
_NONE_KNOWN = _PACKED.pack(NONE_KNOWN, *[nan] * (len(_FIELDS) - 1))


def subjects_of(transaction: Transaction, reputation: Mapping[ReputationKey, Reputation]) -> Bytes:
    """Return the records of a payment's subjects."""
    merchant_id, get = transaction.merchant_id, reputation.get
    merchant, own = _NOT_NAMED, _NOT_NAMED
    if merchant_id is not None:
        merchant = _packed(get(ReputationKey("merchant", merchant_id)))
        own = _packed(get(ReputationKey("merchant", merchant_id, own_device=True)))
    device_id, ip, card_id = transaction.device_id, transaction.ip or None, transaction.card_id
    return np.frombuffer(
        merchant
        + own
        + (_NOT_NAMED if device_id is None else _packed(get(ReputationKey("device", device_id))))
        + (_NOT_NAMED if ip is None else _packed(get(ReputationKey("ip", ip))))
        + (_NOT_NAMED if card_id is None else _packed(get(ReputationKey("card", card_id)))),
        np.uint8,
    )


def _packed(record: Reputation | None) -> bytes:
    if record is None:
        return _NONE_KNOWN
    numbers = (KNOWN, record.known_frauds, record.known_legitimate, record.fraud_rate, record.fraud_run)
    times = (record.run_since_ms, record.last_legitimate_ms, record.last_fraud_ms)
    decayed = record.decayed
    counts = (
        [nan] * 8
        if decayed is None
        else [
            float(decayed.reference_ms),
            decayed.base_rate,
            *(decayed.frauds_3d, decayed.frauds_10d, decayed.frauds_30d),
            *(decayed.payments_3d, decayed.payments_10d, decayed.payments_30d),
        ]
    )
    return _PACKED.pack(
        *numbers, record.unexplained_frauds, *(nan if time_ms is None else time_ms for time_ms in times), *counts
    )


@compiled
def known_frauds(subject: Any, time_ms: float) -> tuple[float, ...]:
    """Return the eight features of a subject that a payment at `time_ms` names, in the order of their schema.

    Counts and days are log(1 + n). The odds are log odds against the base rate.
    """
    if subject.known == NOT_NAMED:
        return nan, nan, nan, nan, nan, nan, nan, nan
    if subject.known == NONE_KNOWN:
        return 0.0, 0.0, nan, nan, nan, 0.0, 0.0, 0.0
    in_run = subject.fraud_run > 0
    return (
        log1p(subject.fraud_run),
        subject.unexplained_frauds,
        _days(subject.run_since_ms, time_ms) if in_run else nan,
        _days(subject.last_legitimate_ms, time_ms) if in_run else nan,
        _days(subject.last_fraud_ms, time_ms),
        _odds(subject, subject.frauds_3d, subject.payments_3d, 3, time_ms),
        _odds(subject, subject.frauds_10d, subject.payments_10d, 10, time_ms),
        _odds(subject, subject.frauds_30d, subject.payments_30d, 30, time_ms),
    )


@compiled
def _days(since_ms: float, time_ms: float) -> float:
    return nan if isnan(since_ms) else log1p(max(0.0, time_ms - since_ms) / DAY_MS)


@compiled
def _odds(subject: Any, frauds: float, payments: float, days: int, time_ms: float) -> float:
    """Let the sums fade until `time_ms` and add the prior; the base rate itself gives 0."""
    base, faded = subject.base_rate, exp(-max(0.0, time_ms - subject.reference_ms) / (days * DAY_MS))
    return log((frauds * faded + PRIOR_PAYMENTS * base) / (payments * faded + PRIOR_PAYMENTS) / base)
