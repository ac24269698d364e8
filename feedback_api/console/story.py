"""An alert as a story: one sentence, what happened beside this user's normal, and why the score is what it is.

It knows only what the alert carries: the transaction, its features (docs/features.md) and the reasons in words. What a
feature does not say is not said. Every text may contain what a stranger sent; whoever renders it escapes it.
"""

from math import exp, expm1
from typing import Literal, NamedTuple

from feedback_api.console.words import DAY_MS, MINUTE_MS, money, plural, span
from weir.errors import InvalidRecord
from weir.messages import TRANSACTION, Reason, ScoredTransaction, Transaction, decode_with

REFERENCE_LOG_ODDS = -4.59512  # of the reference rate of 1 % (docs/features.md)
UNUSUAL_RATIO, FAR_KM, UNUSUAL_HOUR, BAD_RATE, FAST_KMH = 3.0, 300.0, 1.2, 0.05, 1000.0

TELLING = ("card_testing", "velocity_under_threshold", "bad_merchant", "new_device_high_amount", "challenge_not_passed")
"""Which rule's words make the better headline where several fired."""


DeviceKind = Literal["own", "recent", "new"]


class Fact(NamedTuple):
    """What happened, beside what is normal for this user. `odd`: it is far from it."""

    name: str
    happened: str
    normal: str
    odd: bool


class Why(NamedTuple):
    """One piece of evidence; a positive contribution (log-odds) speaks for fraud."""

    text: str
    contribution: float


class Story(NamedTuple):
    """An alert in words."""

    headline: str
    detail: str
    facts: list[Fact]
    why: list[Why]
    rules: list[str]


def story_of(alert: ScoredTransaction, currency: str) -> Story:
    """Tell an alert."""
    payment = payment_of(alert)
    return Story(
        headline=headline(alert),
        detail=_detail(alert, payment, currency),
        facts=[fact for fact in _facts(alert, payment, currency) if fact is not None],
        why=_why(alert.reasons),
        rules=[f"{hit.rule} v{hit.version}" for hit in alert.rules],
    )


def payment_of(alert: ScoredTransaction) -> Transaction | None:
    """The payment as its producer sent it."""
    try:
        payment: Transaction = decode_with(TRANSACTION, bytes(alert.transaction))
    except InvalidRecord:
        return None
    return payment


def headline(alert: ScoredTransaction) -> str:
    """The strongest evidence in one sentence; a rule that fired tells more than a feature."""
    fired = {hit.rule: hit.text for hit in alert.rules}
    if "impossible_travel" in fired and (travel := _travel(alert.features)):
        return travel
    if fired:
        return _sentence(fired[min(fired, key=_telling)])
    strongest = max(alert.reasons, key=_contribution, default=None)
    return _sentence(strongest.text) if strongest else "The score alone raised this alert"


def clarity(alert: ScoredTransaction) -> float:
    """How clearly its reasons speak: the three strongest for fraud, and the rules that fired."""
    strongest = sorted((max(0.0, reason.contribution) for reason in alert.reasons), reverse=True)[:3]
    return sum(strongest) + len(alert.rules)


def _why(reasons: list[Reason]) -> list[Why]:
    """The evidence, the strongest for fraud first; what is told in the same words (sine and cosine) is one."""
    said: dict[str, float] = {}
    for reason in reasons:
        said[reason.text] = said.get(reason.text, 0.0) + reason.contribution
    return sorted((Why(text, total) for text, total in said.items()), key=lambda why: -why.contribution)


def _telling(rule: str) -> int:
    return TELLING.index(rule) if rule in TELLING else len(TELLING)


def _contribution(reason: Reason) -> float:
    return reason.contribution


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _travel(features: dict[str, float]) -> str | None:
    km, pause = _told(features, "distance_km"), _told(features, "seconds_since_last")
    if km is None or pause is None:
        return None
    return f"{km:,.0f} km from the payment {span(max(pause, 1) * 1000)} before"


def _told(features: dict[str, float], name: str) -> float | None:
    """The value of a feature that is kept as log(1 + value)."""
    return expm1(features[name]) if name in features else None


def _detail(alert: ScoredTransaction, payment: Transaction | None, currency: str) -> str:
    features, paid = alert.features, f"Paid {money(alert.amount, currency)}"
    merchant = f" to {alert.merchant_id}" if alert.merchant_id else ""
    category = f" ({_category(payment)})" if _category(payment) else ""
    device = _DEVICE_IN_WORDS[_device_kind(features)]
    usual = _usual(alert)
    normal = f" Usually {money(usual, currency)}." if usual is not None else " No earlier payment to compare with."
    return f"{paid}{merchant}{category}{device}.{normal}"


def _device_kind(features: dict[str, float]) -> DeviceKind | None:
    """None where no device is named, or none was known that it could differ from."""
    if features.get("device_own") == 1.0:
        return "own"
    match features.get("device_new"):
        case 0.0:
            return "recent"
        case 1.0:
            return "new"
    return None


_DEVICE_IN_WORDS: dict[DeviceKind | None, str] = {
    "own": " with the customer's own device",
    "recent": " with a device used for less than a day",
    "new": " with a new device",
    None: "",
}


def _category(payment: Transaction | None) -> str:
    return (payment.merchant_category or "").replace("_", " ") if payment else ""


def _usual(alert: ScoredTransaction) -> float | None:
    ratio = alert.features.get("amount_ratio")
    return None if ratio is None else max(0.0, (alert.amount + 1) / exp(ratio) - 1)


def _facts(alert: ScoredTransaction, payment: Transaction | None, currency: str) -> list[Fact | None]:
    features = alert.features
    return [
        _amount(alert, currency),
        _place(features, payment),
        _way(features),
        _device(features, payment),
        _merchant(alert, payment),
        _reputation(features),
        _pace(features),
        _hour(alert),
    ]


def _amount(alert: ScoredTransaction, currency: str) -> Fact:
    usual, paid = _usual(alert), money(alert.amount, currency)
    if usual is None:
        return Fact("amount", paid, "first payment", odd=False)
    times = exp(alert.features["amount_ratio"])
    return Fact("amount", paid, f"{money(usual, currency)} ({times:.1f}×)", odd=times >= UNUSUAL_RATIO)


def _place(features: dict[str, float], payment: Transaction | None) -> Fact | None:
    country, km = payment.country if payment else None, _told(features, "home_distance_km")
    if country is None and km is None:
        return None
    where = [country] if country else []
    where += [f"{km:,.0f} km from home"] if km is not None else []
    new = features.get("country_new")
    normal = {0.0: f"has paid in {country} before", 1.0: f"never paid in {country}"}.get(-1.0 if new is None else new)
    return Fact("place", " · ".join(where), normal or "not known", odd=new == 1.0 or (km or 0) > FAR_KM)


def _way(features: dict[str, float]) -> Fact | None:
    km, kmh, pause = (_told(features, name) for name in ("distance_km", "speed_kmh", "seconds_since_last"))
    if pause is None:
        return None
    happened = f"{span(max(pause, 1) * 1000)} before"
    if km is None or kmh is None:
        return Fact("last paid", happened, "position not told", odd=False)
    if round(km) == 0:
        return Fact("last paid", f"{happened}, same place", "no journey", odd=False)
    return Fact("last paid", f"{happened}, {km:,.0f} km away", f"takes {kmh:,.0f} km/h", odd=kmh > FAST_KMH)


def _device(features: dict[str, float], payment: Transaction | None) -> Fact | None:
    if features.get("device_missing") == 1.0:
        return Fact("device", "not named", _devices(features), odd=False)
    kind, age = _device_kind(features), _told(features, "device_age_days")
    if kind is None:
        return None
    happened = f"{kind}: {payment.device_id}" if payment and payment.device_id else kind
    normal = _devices(features) if age is None else f"used for {span(max(age * DAY_MS, MINUTE_MS))}"
    return Fact("device", happened, normal, odd=kind != "own")


def _devices(features: dict[str, float]) -> str:
    count = _told(features, "devices_24h")
    return "not known" if count is None else f"{count:.0f} other in 24 hours" if count else "none in 24 hours"


def _merchant(alert: ScoredTransaction, payment: Transaction | None) -> Fact | None:
    if alert.merchant_id is None:
        return None
    category = f", {_category(payment)}" if _category(payment) else ""
    new = alert.features.get("merchant_new")
    normal = {0.0: "has paid here before", 1.0: "never paid here"}.get(-1.0 if new is None else new, "not known")
    return Fact("merchant", f"{alert.merchant_id}{category}", normal, odd=new == 1.0)


def _reputation(features: dict[str, float]) -> Fact | None:
    known, rate = _told(features, "merchant_known_frauds"), features.get("merchant_fraud_rate")
    if known is None or rate is None:
        return None
    share = 1 / (1 + exp(-(rate + REFERENCE_LOG_ODDS)))
    count = plural(round(known), "known fraud") if round(known) else "no known fraud"
    whose = "customers' own" if features.get("device_own") == 1.0 else "other"
    return Fact(
        "reputation",
        f"{count} from {whose} devices, {100 * share:.1f} %",
        "1 % is the reference",
        odd=share >= BAD_RATE,
    )


def _pace(features: dict[str, float]) -> Fact | None:
    hour, day, ratio = _told(features, "count_1h"), _told(features, "count_24h"), features.get("pace_ratio")
    if hour is None or day is None:
        return None
    usual = None if ratio is None else max(0.0, (day + 1) / exp(ratio) - 1)
    normal = "too new to tell" if usual is None else f"{usual:.1f} a day"
    odd = ratio is not None and exp(ratio) >= UNUSUAL_RATIO
    return Fact("pace", f"{day:.0f} in 24 h, {hour:.0f} in 1 h", normal, odd=odd)


def _hour(alert: ScoredTransaction) -> Fact:
    minutes, unusual = alert.event_time_ms % DAY_MS // MINUTE_MS, alert.features.get("hour_unusual")
    odd = unusual is not None and unusual >= UNUSUAL_HOUR
    normal = "too new to tell" if unusual is None else "rarely pays at this hour" if odd else "a usual hour"
    return Fact("hour", f"{minutes // 60:02d}:{minutes % 60:02d} UTC", normal, odd=odd)
