"""Features of the merchant: whether it is new for the user, and its reputation in the learning log."""

from math import expm1, log, log1p, nan

from detector.facts import Facts
from detector.features import CODE, feature, newness
from detector.moment import Moment
from detector.wording import plural
from weir.compiled import compiled

# A fraud rate of 1% gives the feature 0, the value of a merchant without a known fraud. A round number; not measured.
REFERENCE_RATE = 0.01

# Keeps the log odds finite. A round number; not measured.
RATE_FLOOR = 1e-4


def from_devices(moment: Moment) -> str:
    """Name the kind of payments that the merchant's numbers count."""
    return "from customers' own devices" if moment.facts.own_device else "from other devices"


@feature("0 or 1", lambda _, v: f"The merchant is {'new' if v else 'known'} for this customer")
def merchant_new(facts: Facts) -> float:
    """Whether the user has never paid this merchant; absent if no earlier merchant is known."""
    return newness(facts.merchant_first_ms)


@feature(
    "0 or 1",
    lambda m, v: (
        f"The merchant's category {m.transaction.merchant_category} is {'new' if v else 'known'} for this customer"
    ),
)
def category_new(facts: Facts) -> float:
    """Whether the user has never paid in this merchant category; absent if no earlier category is known."""
    return newness(facts.category_first_ms)


@feature(CODE, lambda m, _: f"The merchant's category is {(m.transaction.merchant_category or '').replace('_', ' ')}")
def category_code(facts: Facts) -> float:
    """The merchant's category, as a hash of its name."""
    return facts.category_code


@feature("0 or 1", lambda _, v: f"The payment names {'no' if v else 'a'} merchant")
def merchant_missing(facts: Facts) -> float:
    """Whether the payment names no merchant."""
    return 1 - facts.merchant_named


@compiled
def _none_known(facts: Facts) -> float:
    """Return 0 for a merchant without a known fraud; missing if none is named."""
    return 0.0 if facts.merchant_named else nan


def _known_rate(moment: Moment) -> str:
    rate = moment.facts.merchant_fraud_rate if moment.facts.merchant_known else REFERENCE_RATE
    return (
        f"The merchant's fraud rate {from_devices(moment)} is {rate:.1%} (smoothed); "
        f"the reference is {REFERENCE_RATE:.0%}"
    )


@feature("log odds", lambda m, _: _known_rate(m))
def merchant_fraud_rate(facts: Facts) -> float:
    """The merchant's smoothed known fraud rate, in log odds relative to a reference of 1%; 0 without a known fraud."""
    if not facts.merchant_known:
        return _none_known(facts)
    rate = min(max(facts.merchant_fraud_rate, RATE_FLOOR), 1 - RATE_FLOOR)
    return log(rate / (1 - rate)) - _REFERENCE_LOG_ODDS


_REFERENCE_LOG_ODDS = log(REFERENCE_RATE / (1 - REFERENCE_RATE))


def _known_share(moment: Moment) -> str:
    facts = moment.facts
    frauds, legitimate = (facts.merchant_frauds, facts.merchant_legitimate) if facts.merchant_known else (0, 0)
    known = plural(frauds + legitimate, "known payment")
    return f"{plural(frauds, 'fraud')} among {known} at this merchant {from_devices(moment)}"


@feature("0 to 1", lambda m, _: _known_share(m))
def merchant_fraud_share(facts: Facts) -> float:
    """Frauds divided by the merchant's known payments plus one; not smoothed, so it responds after two verdicts."""
    if not facts.merchant_known:
        return _none_known(facts)
    return facts.merchant_frauds / (facts.merchant_frauds + facts.merchant_legitimate + 1)


@feature(
    "log(1 + frauds)",
    lambda m, v: f"{plural(expm1(v), 'known fraud')} at this merchant {from_devices(m)}",
)
def merchant_known_frauds(facts: Facts) -> float:
    """Known frauds at the merchant."""
    return log1p(facts.merchant_frauds) if facts.merchant_known else _none_known(facts)


@compiled
def merchant_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        merchant_new(facts),
        category_new(facts),
        category_code(facts),
        merchant_missing(facts),
        merchant_fraud_rate(facts),
        merchant_fraud_share(facts),
        merchant_known_frauds(facts),
    )
