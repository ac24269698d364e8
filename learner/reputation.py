"""Merchants' reputations: part of the fold, published with the model.

A merchant has two records: one of payments from customers' own devices, one of all others (docs/adr/0016). Beyond
`MAX_RECORDS`, the record with the oldest last example is forgotten. What was published about it stays in force, and it
starts from nothing if the merchant returns.
"""

from collections import OrderedDict

import msgspec
from msgspec import Struct

from weir.messages import Example, Reputation, ReputationKey

MAX_RECORDS = 200_000
"""Bounds the learner's memory and its snapshot. A round number; not measured."""

MAX_VICTIMS = 16
"""Bounds a record. The rule `bad_merchant` needs two victims (docs/adr/0017), so 16 is enough."""

PRIOR_EXAMPLES = 20.0
"""How many examples the base rate counts for in a merchant's fraud rate. A round number; not measured."""

PRIOR_RATE, PRIOR_RATE_EXAMPLES = 0.01, 100.0
"""The base rate starts as if 1 of 100 examples were fraud. Round numbers; not measured."""


class Record(Struct):
    """Counts of a merchant's payments from one kind of device.

    `legitimate` is a sum of weights, because an implicit example stands for several payments. `victims` maps up to
    `MAX_VICTIMS` customers to their number of frauds. `n` is the number of the last example.
    """

    frauds: int = 0
    victims: dict[str, int] = msgspec.field(default_factory=dict)
    legitimate: float = 0.0
    fraud_run: int = 0
    last_fraud_ms: int | None = None
    last_legitimate_ms: int | None = None
    n: int = 0

    def count(self, example: Example) -> None:
        """Add the verdict and take back the one that it supersedes."""
        if example.verdict == "fraud":
            self._fraud(example)
        else:
            self._legitimate(example)

    def _fraud(self, example: Example) -> None:
        self.frauds += 1
        self._add_victim(_victim(example))
        self.legitimate = max(0.0, self.legitimate - _taken_back(example))
        if self.last_legitimate_ms is None or example.event_time_ms > self.last_legitimate_ms:
            self.fraud_run += 1
        self.last_fraud_ms = max(self.last_fraud_ms or 0, example.event_time_ms)

    def _legitimate(self, example: Example) -> None:
        """Add a legitimate payment. It ends the run of frauds unless it happened before the last fraud."""
        self.legitimate += example.weight
        self.last_legitimate_ms = max(self.last_legitimate_ms or 0, example.event_time_ms)
        if example.supersedes is not None:
            self.frauds = max(0, self.frauds - 1)
            self._remove_victim(_victim(example))
            self.fraud_run = max(0, self.fraud_run - 1)
        if self.frauds == 0:
            self.last_fraud_ms = None
        if self.last_fraud_ms is None or example.event_time_ms >= self.last_fraud_ms:
            self.fraud_run = 0

    def _add_victim(self, victim: str) -> None:
        if victim in self.victims or len(self.victims) < MAX_VICTIMS:
            self.victims[victim] = self.victims.get(victim, 0) + 1

    def _remove_victim(self, victim: str) -> None:
        left = self.victims.pop(victim, 0) - 1
        if left > 0:
            self.victims[victim] = left


class Reputations:
    """All records, ordered by their last example, oldest first."""

    def __init__(self, max_records: int = MAX_RECORDS) -> None:
        self._max_records = max_records
        self._records: OrderedDict[ReputationKey, Record] = OrderedDict()
        self._changed: dict[ReputationKey, None] = {}
        self._frauds = 0.0
        self._examples = 0.0

    def learn(self, n: int, example: Example) -> None:
        """Count example `n`. A confirmation changes nothing."""
        if example.outcome == "confirmation":
            return
        self._count_all(example)
        if example.merchant_id is None:
            return
        key = ReputationKey(example.merchant_id, example.features.get("device_own") == 1.0)
        record = self._records.setdefault(key, Record())
        record.count(example)
        record.n = n
        self._records.move_to_end(key)
        self._changed[key] = None
        if len(self._records) > self._max_records:
            self._changed.pop(self._records.popitem(last=False)[0], None)

    def _count_all(self, example: Example) -> None:
        fraud = example.verdict == "fraud"
        taken_back = _taken_back(example)
        self._examples += example.weight - taken_back
        self._frauds += example.weight if fraud else -taken_back

    @property
    def base_rate(self) -> float:
        """The smoothed share of frauds in everything learned."""
        return (max(self._frauds, 0.0) + PRIOR_RATE * PRIOR_RATE_EXAMPLES) / (self._examples + PRIOR_RATE_EXAMPLES)

    def drain_changed(self, epoch: int) -> list[Reputation]:
        """Return the reputations that changed since the last call, in the order of their first change."""
        changed = [self._reputation(epoch, key) for key in self._changed]
        self._changed.clear()
        return changed

    def _reputation(self, epoch: int, key: ReputationKey) -> Reputation:
        record, (merchant_id, own_device) = self._records[key], key
        examples = record.frauds + record.legitimate
        return Reputation(
            merchant_id=merchant_id,
            own_device=own_device,
            epoch=epoch,
            n=record.n,
            known_frauds=record.frauds,
            known_victims=len(record.victims),
            known_legitimate=round(record.legitimate),
            fraud_rate=(record.frauds + PRIOR_EXAMPLES * self.base_rate) / (examples + PRIOR_EXAMPLES),
            fraud_run=record.fraud_run,
            last_fraud_ms=record.last_fraud_ms,
        )

    def learned_state(self) -> dict[str, object]:
        """Return plain values for the digest."""
        records = [[*key, msgspec.structs.asdict(record)] for key, record in self._records.items()]
        return {"frauds": self._frauds, "examples": self._examples, "merchants": records}


def _taken_back(example: Example) -> float:
    """Return the weight of the verdict that the example supersedes, 0 if none."""
    if example.supersedes is None:
        return 0.0
    return 1.0 if example.superseded_weight is None else example.superseded_weight


def _victim(example: Example) -> str:
    """Return the customer. An old example names none; its transaction id then stands for a customer of its own."""
    return example.user_id or example.transaction_id
