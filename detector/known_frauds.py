"""What the learning log knows at a payment's time about the frauds of its merchant, device, IP address or card."""

from math import exp, log, log1p

from msgspec import Struct

from detector.habits import DAY_MS
from weir.messages import DecayedCounts, Reputation

# How many payments the base rate counts for in the odds. A round number; not measured.
PRIOR_PAYMENTS = 2.0

_TAUS_MS = (3 * DAY_MS, 10 * DAY_MS, 30 * DAY_MS)


class KnownFrauds(Struct, frozen=True, gc=False):
    """The features of one entity's known frauds, by the ends of their names; None is absent.

    Counts and days are log(1 + n). The odds are log odds against the base rate.
    """

    fraud_run: float | None = None
    unexplained_frauds: float | None = None
    run_days: float | None = None
    legitimate_days: float | None = None
    fraud_age_days: float | None = None
    fraud_odds_3d: float | None = None
    fraud_odds_10d: float | None = None
    fraud_odds_30d: float | None = None


NOT_NAMED = KnownFrauds()
NONE_KNOWN = KnownFrauds(
    fraud_run=0.0, unexplained_frauds=0.0, fraud_odds_3d=0.0, fraud_odds_10d=0.0, fraud_odds_30d=0.0
)


def known_frauds(record: Reputation | None, time_ms: int) -> KnownFrauds:
    """Return what is known of an entity that a payment at `time_ms` names."""
    if record is None:
        return NONE_KNOWN
    odds = _odds(record.decayed, time_ms) if record.decayed is not None else (None, None, None)
    return KnownFrauds(
        log1p(record.fraud_run),
        record.unexplained_frauds,
        _days(record.run_since_ms, time_ms) if record.fraud_run else None,
        _days(record.last_legitimate_ms, time_ms) if record.fraud_run else None,
        _days(record.last_fraud_ms, time_ms),
        *odds,
    )


def _days(since_ms: int | None, time_ms: int) -> float | None:
    return None if since_ms is None else log1p(max(0, time_ms - since_ms) / DAY_MS)


def _odds(counts: DecayedCounts, time_ms: int) -> tuple[float, float, float]:
    """Let the sums fade until `time_ms` and add the prior; the base rate itself gives 0."""
    age_ms, base = max(0, time_ms - counts.reference_ms), counts.base_rate
    sums = (
        (counts.frauds_3d, counts.payments_3d),
        (counts.frauds_10d, counts.payments_10d),
        (counts.frauds_30d, counts.payments_30d),
    )
    short, middle, long = (
        log((frauds * faded + PRIOR_PAYMENTS * base) / (payments * faded + PRIOR_PAYMENTS) / base)
        for (frauds, payments), tau_ms in zip(sums, _TAUS_MS, strict=True)
        for faded in [exp(-age_ms / tau_ms)]
    )
    return short, middle, long
