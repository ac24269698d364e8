"""What the learning log knows at a payment's time about the frauds of its merchant, device, IP address or card."""

from collections.abc import Iterator, MutableMapping
from math import exp, isnan, log, log1p, nan
from struct import Struct
from typing import Any

from detector.habits import DAY_MS
from detector.records import NUMBER, record
from weir.compiled import compiled
from weir.messages import Entity, Reputation, ReputationKey, Transaction

# How many payments the base rate counts for in the odds. A round number; not measured.
PRIOR_PAYMENTS = 2.0

NOT_NAMED, NONE_KNOWN, KNOWN = 0.0, 1.0, 2.0

_FIELDS = (
    *("known", "known_frauds", "known_victims", "known_legitimate", "fraud_rate", "fraud_run", "unexplained_frauds"),
    *("run_since_ms", "last_legitimate_ms", "last_fraud_ms", "reference_ms", "base_rate"),
    *("frauds_3d", "frauds_10d", "frauds_30d", "payments_3d", "payments_10d", "payments_30d"),
)
SUBJECT = record(*((name, NUMBER) for name in _FIELDS))
"""The reputation of one that a payment names: `known` is `NOT_NAMED`, `NONE_KNOWN` or `KNOWN`. What is missing is NaN."""

SUBJECTS = record(
    ("merchant_others", SUBJECT),
    ("merchant_own", SUBJECT),
    ("device_record", SUBJECT),
    ("ip_record", SUBJECT),
    ("card_record", SUBJECT),
)
"""The subjects of a payment. A merchant has two: payments from customers' own devices, and all others."""

_PACKED = Struct(f"<{len(_FIELDS)}d")
_NOT_NAMED = _PACKED.pack(NOT_NAMED, *[nan] * (len(_FIELDS) - 1))
_NONE_KNOWN = _PACKED.pack(NONE_KNOWN, *[nan] * (len(_FIELDS) - 1))
_MERCHANT_NOT_NAMED, _MERCHANT_NONE_KNOWN = 2 * _NOT_NAMED, 2 * _NONE_KNOWN


class KnownFrauds(MutableMapping[ReputationKey, Reputation]):
    """The reputations in force, also as compiled code reads them."""

    def __init__(self) -> None:
        self._records: dict[ReputationKey, Reputation] = {}
        self._merchants: dict[str, bytes] = {}
        self._others: dict[Entity, dict[str, bytes]] = {"device": {}, "ip": {}, "card": {}}

    def __getitem__(self, key: ReputationKey) -> Reputation:
        return self._records[key]

    def __setitem__(self, key: ReputationKey, reputation: Reputation) -> None:
        self._records[key] = reputation
        self._pack(key)

    def __delitem__(self, key: ReputationKey) -> None:
        del self._records[key]
        self._pack(key)

    def __iter__(self) -> Iterator[ReputationKey]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def subjects_of(self, transaction: Transaction) -> bytes:
        """Return the `SUBJECTS` of a payment."""
        merchant, device, ip, card = transaction.merchant_id, transaction.device_id, transaction.ip, transaction.card_id
        others = self._others
        return b"".join(
            (
                _MERCHANT_NOT_NAMED if merchant is None else self._merchants.get(merchant, _MERCHANT_NONE_KNOWN),
                _NOT_NAMED if device is None else others["device"].get(device, _NONE_KNOWN),
                others["ip"].get(ip, _NONE_KNOWN) if ip else _NOT_NAMED,
                _NOT_NAMED if card is None else others["card"].get(card, _NONE_KNOWN),
            )
        )

    def _pack(self, key: ReputationKey) -> None:
        if key.entity == "merchant":
            both = self._packed(key._replace(own_device=False)) + self._packed(key._replace(own_device=True))
            _put(self._merchants, key.entity_id, both, _MERCHANT_NONE_KNOWN)
        else:
            _put(self._others[key.entity], key.entity_id, self._packed(key), _NONE_KNOWN)

    def _packed(self, key: ReputationKey) -> bytes:
        found = self._records.get(key)
        return _NONE_KNOWN if found is None else _packed(found)


def _put(packed: dict[str, bytes], entity_id: str, record: bytes, nothing: bytes) -> None:
    if record == nothing:
        packed.pop(entity_id, None)
    else:
        packed[entity_id] = record


def _packed(record: Reputation) -> bytes:
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
        KNOWN,
        *(record.known_frauds, record.known_victims, record.known_legitimate),
        *(record.fraud_rate, record.fraud_run, record.unexplained_frauds),
        *(nan if time_ms is None else time_ms for time_ms in times),
        *counts,
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
