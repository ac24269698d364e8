"""An alert as a story: a headline, each fact beside the customer's normal, and the evidence for the score.

The only source is the alert itself: its transaction, features (docs/features.md) and reasons. A missing feature yields no
text. Texts may contain input from strangers; callers must escape them.
"""

from math import exp, expm1
from typing import Literal, NamedTuple

from feedback_api.console.words import DAY_MS, MINUTE_MS, money, plural, span
from weir.errors import InvalidRecord
from weir.feature_vector import Features
from weir.messages import Reason, ScoredTransaction, Transaction
from weir.payments import read_payment
from weir.times import time_of_day

REFERENCE_LOG_ODDS = -4.59512
"""Log-odds of the 1 % that `merchant_fraud_rate` is relative to (docs/features.md)."""

# The limits below only decide which facts the page marks as odd. No decision depends on them.

UNUSUAL_RATIO = 3.0
"""Times the usual amount or the usual number of payments. As in the rule `new_device_high_amount`."""

FAR_KM = 300.0
"""Distance from home. As in the rule `impossible_travel`, which measures it from the last payment."""

FAST_KMH = 1000.0
"""Speed since the last payment. As in the rule `impossible_travel`."""

UNUSUAL_HOUR = 1.2
"""Of `hour_unusual`: 0 is always this hour, 1 no preferred hour, 2 always the opposite hour. Not measured."""

BAD_RATE = 0.05
"""The merchant's smoothed fraud rate: five times the reference rate. Not measured."""

CENTS_BELOW = 10_000
"""A 32-bit feature holds the cents of smaller amounts."""

LARGEST_LOGARITHM = 100.0
"""Of a feature that is a logarithm: a foreign record may hold any number, and its exponential would overflow."""

HEADLINE_ORDER = (
    "card_testing",
    "velocity_under_threshold",
    "bad_merchant",
    "new_device_high_amount",
    "challenge_not_passed",
)
"""If several rules fired, the first one listed makes the headline; unlisted rules come last.

`impossible_travel` has a headline of its own and precedes all. Ordered by how useful each is to an analyst; not measured.
"""


DeviceKind = Literal["own", "recent", "new"]


class Fact(NamedTuple):
    """A fact beside the customer's normal. `odd` marks a large deviation."""

    name: str
    happened: str
    normal: str
    odd: bool


class Why(NamedTuple):
    """One piece of evidence. A positive contribution (log-odds) speaks for fraud."""

    text: str
    contribution: float


class Story(NamedTuple):
    """An alert as text. `why` is sorted by contribution, the strongest evidence for fraud first."""

    headline: str
    detail: str
    facts: list[Fact]
    why: list[Why]
    rules: list[str]


def story_of(alert: ScoredTransaction, currency: str) -> Story:
    payment = payment_of(alert)
    return Story(
        headline=headline(alert),
        detail=_detail(alert, payment, currency),
        facts=[fact for fact in _facts(alert, payment, currency) if fact is not None],
        why=_why(alert.reasons),
        rules=[f"{hit.rule} v{hit.version}" for hit in alert.rules],
    )


def payment_of(alert: ScoredTransaction) -> Transaction | None:
    """The payment as the detector read it, or None if it does not decode."""
    try:
        return read_payment(bytes(alert.transaction)).transaction
    except InvalidRecord:
        return None


def paid_amount(alert: ScoredTransaction, currency: str) -> str:
    """The amount in base currency, or as it was paid if it could not be converted."""
    if alert.amount is not None:
        return money(alert.amount, currency)
    payment = payment_of(alert)
    return "unknown" if payment is None else money(payment.amount, payment.currency or currency)


def headline(alert: ScoredTransaction) -> str:
    """The strongest evidence in one sentence. Rules precede features because each rule describes a whole pattern."""
    fired = {hit.rule: hit.text for hit in alert.rules}
    if "impossible_travel" in fired and (travel := _travel(alert.features)):
        return travel
    if fired:
        return _capitalised(fired[min(fired, key=_headline_rank)])
    strongest = max(alert.reasons, key=_contribution, default=None)
    return _capitalised(strongest.text) if strongest else "Many small signals add up"


def clarity(alert: ScoredTransaction) -> float:
    """Rank alerts by how clear their evidence is: the three strongest reasons for fraud plus one per rule that fired."""
    strongest = sorted((max(0.0, reason.contribution) for reason in alert.reasons), reverse=True)[:3]
    return sum(strongest) + len(alert.rules)


def _why(reasons: list[Reason]) -> list[Why]:
    """Sort the evidence, strongest for fraud first. Reasons with equal text (such as `hour` and `night`) are summed."""
    totals: dict[str, float] = {}
    for reason in reasons:
        totals[reason.text] = totals.get(reason.text, 0.0) + reason.contribution
    return sorted((Why(text, total) for text, total in totals.items()), key=lambda why: -why.contribution)


def _headline_rank(rule: str) -> int:
    return HEADLINE_ORDER.index(rule) if rule in HEADLINE_ORDER else len(HEADLINE_ORDER)


def _contribution(reason: Reason) -> float:
    return reason.contribution


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _travel(features: Features) -> str | None:
    km, pause = _value(features, "distance_km"), _value(features, "seconds_since_last")
    if km is None or pause is None:
        return None
    return f"{km:,.0f} km from the payment {span(max(pause, 1) * 1000)} earlier"


def _value(features: Features, name: str) -> float | None:
    """The value of a feature that is stored as log(1 + value)."""
    return expm1(_bounded(features[name])) if name in features else None


def _exp(logarithm: float) -> float:
    return exp(_bounded(logarithm))


def _bounded(logarithm: float) -> float:
    return min(max(logarithm, -LARGEST_LOGARITHM), LARGEST_LOGARITHM)


def _detail(alert: ScoredTransaction, payment: Transaction | None, currency: str) -> str:
    features, paid = alert.features, f"Paid {paid_amount(alert, currency)}"
    merchant = f" to {alert.merchant_id}" if alert.merchant_id else ""
    category = f" ({_category(payment)})" if _category(payment) else ""
    device = _DEVICE_IN_WORDS[_device_kind(features)]
    usual = _usual(alert)
    normal = f" Usually {_habit(usual, currency)}." if usual is not None else " No earlier payment to compare with."
    if alert.amount is None:
        normal = f" There is no exchange rate into {currency}."
    return f"{paid}{merchant}{category}{device}.{normal}"


def _device_kind(features: Features) -> DeviceKind | None:
    """None if the payment names no device, or if there was no earlier device to compare with."""
    if features.get("device_own") == 1.0:
        return "own"
    match features.get("device_new"):
        case 0.0:
            return "recent"
        case 1.0:
            return "new"
    return None


_DEVICE_IN_WORDS: dict[DeviceKind | None, str] = {
    "own": " from the customer's own device",
    "recent": " from a device first used less than a day ago",
    "new": " from a new device",
    None: "",
}


def _category(payment: Transaction | None) -> str:
    return (payment.merchant_category or "").replace("_", " ") if payment else ""


def _usual(alert: ScoredTransaction) -> float | None:
    """Invert `amount_ratio`, which is log((1 + amount) / (1 + usual))."""
    ratio = alert.features.get("amount_ratio")
    if ratio is None or alert.amount is None:
        return None
    return max(0.0, (alert.amount + 1) / _exp(ratio) - 1)


def _habit(usual: float, currency: str) -> str:
    """Format the usual amount; from 10,000 on, 32-bit features do not hold its cents."""
    return money(usual, currency, 2 if usual < CENTS_BELOW else 0)


def _facts(alert: ScoredTransaction, payment: Transaction | None, currency: str) -> list[Fact | None]:
    features = alert.features
    return [
        _amount(alert, currency),
        _place(features, payment),
        _last_payment(features),
        _device(features, payment),
        _merchant(alert, payment),
        _reputation(features),
        _pace(features),
        _hour(alert, payment),
    ]


def _amount(alert: ScoredTransaction, currency: str) -> Fact:
    usual, paid = _usual(alert), paid_amount(alert, currency)
    if alert.amount is None:
        return Fact("amount", paid, f"no exchange rate into {currency}", odd=False)
    if usual is None:
        return Fact("amount", paid, "first payment", odd=False)
    times = _exp(alert.features["amount_ratio"])
    return Fact("amount", f"{paid}, {times:.1f}× usual", _habit(usual, currency), odd=times >= UNUSUAL_RATIO)


def _place(features: Features, payment: Transaction | None) -> Fact | None:
    country, km = payment.country if payment else None, _value(features, "home_distance_km")
    if country is None and km is None:
        return None
    where = [country] if country else []
    where += [f"{km:,.0f} km from home"] if km is not None else []
    new = features.get("country_new")
    normal = {0.0: f"has paid in {country} before", 1.0: f"never paid in {country} before"}.get(
        -1.0 if new is None else new
    )
    return Fact("place", " · ".join(where), normal or "unknown", odd=new == 1.0 or (km or 0) > FAR_KM)


def _last_payment(features: Features) -> Fact | None:
    km, kmh, pause = (_value(features, name) for name in ("distance_km", "speed_kmh", "seconds_since_last"))
    if pause is None:
        return None
    happened = f"{span(max(pause, 1) * 1000)} earlier"
    if km is None or kmh is None:
        return Fact("last paid", happened, "place unknown", odd=False)
    if round(km) == 0:
        return Fact("last paid", f"{happened}, same place", "no travel", odd=False)
    return Fact("last paid", f"{happened}, {km:,.0f} km away", f"needs {kmh:,.0f} km/h", odd=kmh > FAST_KMH)


def _device(features: Features, payment: Transaction | None) -> Fact | None:
    if features.get("device_missing") == 1.0:
        return Fact("device", "not given", _recent_devices(features), odd=False)
    kind, age = _device_kind(features), _value(features, "device_age_days")
    if kind is None:
        return None
    happened = f"{kind}: {payment.device_id}" if payment and payment.device_id else kind
    normal = _recent_devices(features) if age is None else f"used for {span(max(age * DAY_MS, MINUTE_MS))}"
    return Fact("device", happened, normal, odd=kind != "own")


def _recent_devices(features: Features) -> str:
    count = _value(features, "devices_24h")
    if count is None:
        return "unknown"
    return f"{plural(round(count), 'device')} in 24 h" if round(count) else "no device in 24 h"


def _merchant(alert: ScoredTransaction, payment: Transaction | None) -> Fact | None:
    if alert.merchant_id is None:
        return None
    category = f", {_category(payment)}" if _category(payment) else ""
    new = alert.features.get("merchant_new")
    normal = {0.0: "has paid here before", 1.0: "never paid here before"}.get(-1.0 if new is None else new, "unknown")
    return Fact("merchant", f"{alert.merchant_id}{category}", normal, odd=new == 1.0)


def _reputation(features: Features) -> Fact | None:
    known, rate = _value(features, "merchant_known_frauds"), features.get("merchant_fraud_rate")
    if known is None or rate is None:
        return None
    share = 1 / (1 + _exp(-(rate + REFERENCE_LOG_ODDS)))
    count = plural(round(known), "known fraud") if round(known) else "no known fraud"
    whose = "customers' own" if features.get("device_own") == 1.0 else "other"
    return Fact(
        "reputation",
        f"{count} from {whose} devices, {100 * share:.1f}%",
        "reference rate 1%",
        odd=share >= BAD_RATE,
    )


def _pace(features: Features) -> Fact | None:
    hour, day, ratio = _value(features, "count_1h"), _value(features, "count_24h"), features.get("pace_ratio")
    if hour is None or day is None:
        return None
    usual = None if ratio is None else max(0.0, (day + 1) / _exp(ratio) - 1)
    normal = "too new to tell" if usual is None else f"{usual:.1f} a day"
    odd = ratio is not None and _exp(ratio) >= UNUSUAL_RATIO
    return Fact("payments", f"{day:.0f} in 24 h, {hour:.0f} in 1 h", normal, odd=odd)


def _hour(alert: ScoredTransaction, payment: Transaction | None) -> Fact:
    unusual = alert.features.get("hour_unusual")
    odd = unusual is not None and unusual >= UNUSUAL_HOUR
    normal = "too new to tell" if unusual is None else "rarely pays at this hour" if odd else "usual hour"
    offset_ms = 0 if payment is None else payment.utc_offset_ms
    return Fact("hour", time_of_day(alert.event_time_ms, offset_ms), normal, odd=odd)
