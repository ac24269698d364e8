"""Features of the merchant: whether it is new for the user, and its reputation in the learning log."""

from math import expm1, log, log1p

from detector.features import CODE, Feature, code_of, feature
from detector.moment import NO_EARLIER, Moment
from detector.wording import plural

# A fraud rate of 1% gives the feature 0, the value of a merchant without a known fraud. A round number; not measured.
REFERENCE_RATE = 0.01

# Keeps the log odds finite. A round number; not measured.
RATE_FLOOR = 1e-4


def from_devices(moment: Moment) -> str:
    """Name the kind of payments that `moment.reputation` counts."""
    return "from customers' own devices" if moment.own_device else "from other devices"


@feature("0 or 1", lambda _, v: f"The merchant is {'new' if v else 'known'} for this customer")
def merchant_new(moment: Moment) -> float | None:
    """Whether the user has never paid this merchant; absent if no earlier merchant is known."""
    return None if moment.merchant_first_ms is None else float(moment.merchant_first_ms == NO_EARLIER)


@feature(
    "0 or 1",
    lambda m, v: (
        f"The merchant's category {m.transaction.merchant_category} is {'new' if v else 'known'} for this customer"
    ),
)
def category_new(moment: Moment) -> float | None:
    """Whether the user has never paid in this merchant category; absent if no earlier category is known."""
    return None if moment.category_first_ms is None else float(moment.category_first_ms == NO_EARLIER)


@feature(CODE, lambda m, _: f"The merchant's category is {(m.transaction.merchant_category or '').replace('_', ' ')}")
def category_code(moment: Moment) -> float | None:
    """The merchant's category, as a hash of its name."""
    return code_of(moment.transaction.merchant_category)


@feature("log(1 + merchants)", lambda _, v: f"{plural(expm1(v), 'merchant')} paid in the previous 24 hours")
def merchants_24h(moment: Moment) -> float | None:
    """Distinct merchants in the previous 24 hours."""
    return log1p(moment.windows.merchants_24h)


@feature("0 or 1", lambda _, v: f"The payment names {'no' if v else 'a'} merchant")
def merchant_missing(moment: Moment) -> float | None:
    """Whether the payment names no merchant."""
    return float(moment.transaction.merchant_id is None)


def _known_rate(moment: Moment) -> str:
    rate = moment.reputation.fraud_rate if moment.reputation else REFERENCE_RATE
    return (
        f"The merchant's fraud rate {from_devices(moment)} is {rate:.1%} (smoothed); "
        f"the reference is {REFERENCE_RATE:.0%}"
    )


@feature("log odds", lambda m, _: _known_rate(m))
def merchant_fraud_rate(moment: Moment) -> float | None:
    """The merchant's smoothed known fraud rate, in log odds relative to a reference of 1%; 0 without a known fraud."""
    if moment.transaction.merchant_id is None:
        return None
    if moment.reputation is None:
        return 0.0
    rate = min(max(moment.reputation.fraud_rate, RATE_FLOOR), 1 - RATE_FLOOR)
    return log(rate / (1 - rate)) - _REFERENCE_LOG_ODDS


_REFERENCE_LOG_ODDS = log(REFERENCE_RATE / (1 - REFERENCE_RATE))


def _known_share(moment: Moment) -> str:
    frauds, legitimate = (
        (moment.reputation.known_frauds, moment.reputation.known_legitimate) if moment.reputation else (0, 0)
    )
    known = plural(frauds + legitimate, "known payment")
    return f"{plural(frauds, 'fraud')} among {known} at this merchant {from_devices(moment)}"


@feature("0 to 1", lambda m, _: _known_share(m))
def merchant_fraud_share(moment: Moment) -> float | None:
    """Frauds divided by the merchant's known payments plus one; not smoothed, so it responds after two verdicts."""
    merchant = moment.reputation
    if moment.transaction.merchant_id is None:
        return None
    return merchant.known_frauds / (merchant.known_frauds + merchant.known_legitimate + 1) if merchant else 0.0


@feature(
    "log(1 + frauds)",
    lambda m, v: f"{plural(expm1(v), 'known fraud')} at this merchant {from_devices(m)}",
)
def merchant_known_frauds(moment: Moment) -> float | None:
    """Known frauds at the merchant."""
    if moment.transaction.merchant_id is None:
        return None
    return log1p(moment.reputation.known_frauds) if moment.reputation else 0.0


FEATURES: tuple[Feature, ...] = (
    merchant_new,
    category_new,
    category_code,
    merchants_24h,
    merchant_missing,
    merchant_fraud_rate,
    merchant_fraud_share,
    merchant_known_frauds,
)
