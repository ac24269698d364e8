"""Builders of valid messages for tests: name only the fields that matter; all others have defaults."""

from typing import Any

from weir.messages import Counts, Example, Label, Position, Reputation, ScoredTransaction, Transaction, UserEvent

NOON_MS = 1_750_000_000_000
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1000, 60_000, 3_600_000, 86_400_000


def a_transaction(**fields: Any) -> Transaction:
    """Return a payment of 20.00 by u1 at NOON_MS."""
    defaults = {"transaction_id": "t1", "user_id": "u1", "event_time": NOON_MS, "amount": 20.0}
    return Transaction(**{**defaults, **fields})


def a_user_event(**fields: Any) -> UserEvent:
    """Return the event that u1 confirmed device d1 at NOON_MS."""
    defaults = {"event_id": "e1", "user_id": "u1", "event_time": NOON_MS, "type": "device_confirmed", "device_id": "d1"}
    return UserEvent(**{**defaults, **fields})


def a_scored_transaction(**fields: Any) -> ScoredTransaction:
    """Return t1 of u1, approved with score 0.1 and two features."""
    defaults = {
        "transaction_id": "t1",
        "user_id": "u1",
        "event_time_ms": NOON_MS,
        "amount": 20.0,
        "score": 0.1,
        "decision": "approve",
        "profile": "standard",
        "features": {"log_amount": 3.0, "count_1h": 1.0},
        "source": Position("live.transactions", 0, 0),
        "scored_at_ms": NOON_MS + 5,
        "merchant_id": "m1",
    }
    return ScoredTransaction(**{**defaults, **fields})


def a_label(**fields: Any) -> Label:
    """Return l1: ana calls t1 fraud a day after NOON_MS."""
    defaults = {
        "label_id": "l1",
        "transaction_id": "t1",
        "verdict": "fraud",
        "labeler": "ana",
        "labelled_at_ms": NOON_MS + DAY_MS,
    }
    return Label(**{**defaults, **fields})


def an_example(**fields: Any) -> Example:
    """Return the first verdict on t1, fraud, with weight 1."""
    defaults = {
        "transaction_id": "t1",
        "revision": 0,
        "outcome": "example",
        "verdict": "fraud",
        "weight": 1.0,
        "label_id": "l1",
        "event_time_ms": NOON_MS,
        "amount": 20.0,
        "score": 0.1,
        "decision": "approve",
        "features": {"log_amount": 3.0, "count_1h": 1.0},
        "merchant_id": "m1",
    }
    return Example(**{**defaults, **fields})


def a_reputation(**fields: Any) -> Reputation:
    """Return the record of merchant m1 and devices that are not their customers' own: no fraud in 9 payments."""
    defaults = {"entity_id": "m1", "epoch": 1, "n": 9, "known_frauds": 0, "known_legitimate": 9, "fraud_rate": 0.01}
    return Reputation(**{**defaults, **fields})


def some_counts(every: int = 0, **numbers: Any) -> Counts:
    """Return counts in which every number is `every` but those that are named."""
    named = (name for name in Counts.__struct_fields__ if name not in {"schema_version", "longest_waiting"})
    return Counts(**{**dict.fromkeys(named, every), **numbers})
