"""The known frauds of merchants, devices, IP addresses and cards: part of the fold, published with the model.

    example --> the base rate, the histograms of amounts
            --> the merchant's record of this kind of device --+
            --> the device's, the address's and the card's ----+--> changed (a known fraud in 90 days) or withdrawn

A merchant has two records from its first example on: payments from customers' own devices, and all others
(docs/adr/0016). A device, address or card gets a record at its first known fraud (docs/adr/0019). Beyond the limits, the
record with the oldest last example is forgotten and starts from nothing if its subject returns.

A record follows the verdicts in force, whatever the way there (docs/adr/0028).
"""

from collections import OrderedDict
from collections.abc import Iterator
from math import exp
from typing import Any

import msgspec
from msgspec import Struct, field

from learner.latest_verdicts import LatestVerdicts
from learner.ordinary import Amounts
from weir.messages import DecayedCounts, Entity, Example, Reputation, ReputationKey

MAX_RECORDS: dict[Entity, int] = {"merchant": 100_000, "device": 20_000, "ip": 20_000, "card": 20_000}
"""Bounds the learner's memory and its snapshot (docs/adr/0028)."""

MAX_VICTIMS = 16
"""Bounds a record. The rule `bad_merchant` needs two victims (docs/adr/0017), so 16 is enough."""

PRIOR_EXAMPLES = 20.0
"""How many examples the base rate counts for in a merchant's fraud rate. A round number; not measured."""

PRIOR_RATE, PRIOR_RATE_EXAMPLES = 0.01, 100.0
"""The base rate starts as if 1 of 100 examples were fraud. Round numbers; not measured."""

DAY_MS = 24 * 3600 * 1000

PUBLISHED_DAYS = 90
"""Bounds the detector's broadcast state. Three times the longest decay: a fraud then weighs a twentieth."""

_TAUS_MS = (3 * DAY_MS, 10 * DAY_MS, 30 * DAY_MS)


Sums = tuple[float, float, float]
"""Weights that fade over 3, 10 and 30 days."""

NOTHING: Sums = (0.0, 0.0, 0.0)


class Decaying(Struct):
    """Weights of known payments, which fade with their age at `reference_ms`, the latest payment's time.

    A revision may take back a payment from before the record; frauds are therefore never more than payments.
    """

    reference_ms: int | None = None
    frauds: Sums = NOTHING
    payments: Sums = NOTHING

    def add(self, time_ms: int, frauds: float, payments: float) -> None:
        """Add weights at a time; negative ones take back an earlier verdict."""
        age_ms = 0 if self.reference_ms is None else time_ms - self.reference_ms
        away_ms, (short_ms, middle_ms, long_ms) = -abs(age_ms), _TAUS_MS
        faded = exp(away_ms / short_ms), exp(away_ms / middle_ms), exp(away_ms / long_ms)
        if frauds or self.frauds != NOTHING:
            self.frauds = _added(self.frauds, frauds, faded, age_ms, NOTHING)
        self.payments = _added(self.payments, payments, faded, age_ms, self.frauds)
        if self.reference_ms is None or age_ms > 0:
            self.reference_ms = time_ms


def _added(sums: Sums, weight: float, faded: Sums, age_ms: int, least: Sums) -> Sums:
    """Let the sums fade up to a later payment, or the weight of an earlier one down to theirs."""
    (short, middle, long), (by_short, by_middle, by_long) = sums, faded
    if age_ms > 0:
        short, middle, long = short * by_short + weight, middle * by_middle + weight, long * by_long + weight
    else:
        short, middle, long = short + weight * by_short, middle + weight * by_middle, long + weight * by_long
    return max(short, least[0]), max(middle, least[1]), max(long, least[2])


class Record(Struct):
    """Counts of an entity's payments, of a merchant those from one kind of device.

    `legitimate` is a sum of weights, because an implicit example stands for several payments. `victims` maps up to
    `MAX_VICTIMS` of a merchant's customers to their number of frauds. `n` is the number of the last example.
    """

    frauds: int = 0
    victims: dict[str, int] = field(default_factory=dict)
    legitimate: float = 0.0
    latest: LatestVerdicts = field(default_factory=LatestVerdicts)
    decaying: Decaying = field(default_factory=Decaying)
    n: int = 0

    def count(self, example: Example, ordinary: float) -> None:
        """Add the verdict and take back the one that it supersedes; `ordinary` is how ordinary the amount is.

        A legitimate payment that was learned before the record began was never counted, so nothing is taken back.
        """
        time_ms, revised, taken_back = example.event_time_ms, example.supersedes is not None, _taken_back(example)
        if example.verdict == "fraud":
            if revised and not self.latest.withdraw_legitimate(time_ms):
                taken_back = 0.0
            self.frauds += 1
            self.legitimate = max(0.0, self.legitimate - taken_back)
            if self.legitimate == 0:
                self.latest.withdraw_all_legitimate()
            self.latest.add_fraud(time_ms, ordinary)
            self.decaying.add(time_ms, example.weight, example.weight - taken_back)
        else:
            self.frauds = max(0, self.frauds - revised)
            self.legitimate += example.weight
            if revised:
                self.latest.withdraw_fraud(time_ms)
            self.latest.add_legitimate(time_ms)
            self.decaying.add(time_ms, -taken_back, example.weight - taken_back)

    def count_victim(self, example: Example) -> None:
        """Add the customer of a merchant's fraud, or take one back."""
        victim = _victim(example)
        if example.verdict == "fraud":
            if victim in self.victims or len(self.victims) < MAX_VICTIMS:
                self.victims[victim] = self.victims.get(victim, 0) + 1
        elif example.supersedes is not None:
            left = self.victims.pop(victim, 0) - 1
            if left > 0:
                self.victims[victim] = left


class Reputations:
    """All records of each entity, ordered by their last example, oldest first."""

    def __init__(self, max_records: int | None = None) -> None:
        self._max_records = {entity: max_records or limit for entity, limit in MAX_RECORDS.items()}
        self._records: dict[Entity, OrderedDict[ReputationKey, Record]] = {
            entity: OrderedDict() for entity in MAX_RECORDS
        }
        self._published: dict[ReputationKey, None] = {}
        self._changed: dict[ReputationKey, None] = {}
        self._withdrawn: dict[ReputationKey, None] = {}
        self._amounts = Amounts()
        self._day = 0
        self._frauds = 0.0
        self._examples = 0.0

    def learn(self, n: int, example: Example) -> None:
        """Count example `n`. A confirmation changes nothing."""
        if example.outcome == "confirmation":
            return
        self._advance(example.event_time_ms)
        self._count_all(example)
        ordinary = self._amounts.ordinary(example) if _concerns_fraud(example) else 0.0
        for key in _keys(example):
            self._count(key, n, example, ordinary)
        self._amounts.learn(example)

    def _count(self, key: ReputationKey, n: int, example: Example, ordinary: float) -> None:
        records = self._records[key.entity]
        record = records.get(key)
        if record is None:
            if key.entity != "merchant" and example.verdict != "fraud":
                return
            record = records[key] = Record()
        record.count(example, ordinary)
        if key.entity == "merchant":
            record.count_victim(example)
        record.n = n
        records.move_to_end(key)
        if self._is_due(record):
            self._published[key] = self._changed[key] = None
            self._withdrawn.pop(key, None)
        else:
            self._withdraw(key)
        if len(records) > self._max_records[key.entity]:
            self._withdraw(records.popitem(last=False)[0])

    def _is_due(self, record: Record) -> bool:
        """Whether the entity has a known fraud in the last 90 days, by the day of the latest payment learned."""
        last_ms = record.latest.last_fraud_ms
        return last_ms is not None and last_ms >= (self._day - PUBLISHED_DAYS) * DAY_MS

    def _withdraw(self, key: ReputationKey) -> None:
        self._changed.pop(key, None)
        if key in self._published:
            del self._published[key]
            self._withdrawn[key] = None

    def _advance(self, time_ms: int) -> None:
        """Once a day of event time, withdraw the records whose last fraud has become too old."""
        day = time_ms // DAY_MS
        if day > self._day:
            self._day = day
            for key in list(self._published):
                if not self._is_due(self._records[key.entity][key]):
                    self._withdraw(key)

    def _count_all(self, example: Example) -> None:
        taken_back = _taken_back(example)
        self._examples += example.weight - taken_back
        self._frauds += example.weight if example.verdict == "fraud" else -taken_back

    @property
    def base_rate(self) -> float:
        """The smoothed share of frauds in everything learned."""
        return (max(self._frauds, 0.0) + PRIOR_RATE * PRIOR_RATE_EXAMPLES) / (self._examples + PRIOR_RATE_EXAMPLES)

    def drain_changed(self, epoch: int) -> list[Reputation]:
        """Return the reputations to publish that changed since the last call, in the order of their first change."""
        changed = [self._reputation(epoch, key) for key in self._changed]
        self._changed.clear()
        return changed

    def drain_withdrawn(self) -> list[ReputationKey]:
        """Return the keys that no longer have a reputation to publish, each once."""
        withdrawn = list(self._withdrawn)
        self._withdrawn.clear()
        return withdrawn

    def _reputation(self, epoch: int, key: ReputationKey) -> Reputation:
        record, base_rate = self._records[key.entity][key], self.base_rate
        run = record.latest.run()
        examples = record.frauds + record.legitimate
        return Reputation(
            entity=key.entity,
            entity_id=key.entity_id,
            own_device=key.own_device,
            epoch=epoch,
            n=record.n,
            known_frauds=record.frauds,
            known_victims=len(record.victims),
            known_legitimate=round(record.legitimate),
            fraud_rate=(record.frauds + PRIOR_EXAMPLES * base_rate) / (examples + PRIOR_EXAMPLES),
            fraud_run=run.frauds,
            last_fraud_ms=record.latest.last_fraud_ms,
            run_since_ms=run.since_ms,
            last_legitimate_ms=record.latest.last_legitimate_ms,
            unexplained_frauds=run.unexplained,
            decayed=_decayed(record.decaying, base_rate),
        )

    def learned_state(self) -> dict[str, Any]:
        """Return plain values for the digest."""
        records = [
            [*key, msgspec.to_builtins(record)] for by_key in self._records.values() for key, record in by_key.items()
        ]
        return {
            "frauds": self._frauds,
            "examples": self._examples,
            "day": self._day,
            "amounts": self._amounts.learned_state(),
            "records": records,
        }


def _keys(example: Example) -> Iterator[ReputationKey]:
    """Yield what the payment names."""
    if example.merchant_id is not None:
        yield ReputationKey("merchant", example.merchant_id, example.features.get("device_own") == 1.0)
    if example.device_id is not None:
        yield ReputationKey("device", example.device_id)
    if example.ip is not None:
        yield ReputationKey("ip", example.ip)
    if example.card_id is not None:
        yield ReputationKey("card", example.card_id)


def _decayed(decaying: Decaying, base_rate: float) -> DecayedCounts:
    return DecayedCounts(decaying.reference_ms or 0, base_rate, *decaying.frauds, *decaying.payments)


def _concerns_fraud(example: Example) -> bool:
    """Whether the example adds a fraud or takes one back."""
    return example.verdict == "fraud" or example.supersedes is not None


def _taken_back(example: Example) -> float:
    """Return the weight of the verdict that the example supersedes, 0 if none."""
    if example.supersedes is None:
        return 0.0
    return 1.0 if example.superseded_weight is None else example.superseded_weight


def _victim(example: Example) -> str:
    """Return the customer. An old example names none; its transaction id then stands for a customer of its own."""
    return example.user_id or example.transaction_id
