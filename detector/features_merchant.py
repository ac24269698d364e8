"""Features of the merchant: new for the user, and what the learning log says about it."""

from math import expm1, log, log1p

from detector.features import Feature, feature
from detector.habits import DAY_MS
from detector.moment import NO_EARLIER, Moment

REFERENCE_RATE = 0.01
RATE_FLOOR = 1e-4


def from_devices(moment: Moment) -> str:
    """From which devices the merchant's payments are that this one is compared with."""
    return "from customers' own devices" if moment.own_device else "from other devices"


@feature("merchant", "0 or 1", lambda _, v: f"The merchant is {'new' if v else 'known'} for this customer")
def merchant_new(moment: Moment) -> float | None:
    """Whether the user never paid this merchant; absent where no earlier merchant is known."""
    return None if moment.merchant_first_ms is None else float(moment.merchant_first_ms == NO_EARLIER)


@feature(
    "merchant",
    "0 or 1",
    lambda m, v: f"The category {m.transaction.merchant_category} is {'new' if v else 'known'} for this customer",
)
def category_new(moment: Moment) -> float | None:
    """Whether the user never paid in this merchant category; absent where no earlier category is known."""
    return None if moment.category_first_ms is None else float(moment.category_first_ms == NO_EARLIER)


@feature("merchant", "log(1 + merchants)", lambda _, v: f"{expm1(v):.0f} merchants in the last 24 hours")
def merchants_24h(moment: Moment) -> float | None:
    """Distinct merchants of the last 24 hours before this payment."""
    return log1p(moment.windows.merchants_24h)


@feature("merchant", "0 or 1", lambda _, v: f"The payment {'does not name' if v else 'names'} a merchant")
def merchant_missing(moment: Moment) -> float | None:
    """Whether the payment lacks a merchant."""
    return float(moment.transaction.merchant_id is None)


def _known_rate(moment: Moment) -> str:
    rate = moment.reputation.fraud_rate if moment.reputation else REFERENCE_RATE
    return (
        f"{100 * rate:.1f} % of the merchant's known payments {from_devices(moment)} are fraud; "
        f"{100 * REFERENCE_RATE:.0f} % is the reference"
    )


@feature("merchant", "log odds", lambda m, _: _known_rate(m))
def merchant_fraud_rate(moment: Moment) -> float | None:
    """The merchant's smoothed known fraud rate, as log odds against a reference of 1 %; 0 for one without labels."""
    if moment.transaction.merchant_id is None:
        return None
    if moment.reputation is None:
        return 0.0
    rate = min(max(moment.reputation.fraud_rate, RATE_FLOOR), 1 - RATE_FLOOR)
    return log(rate / (1 - rate)) - _REFERENCE_LOG_ODDS


_REFERENCE_LOG_ODDS = log(REFERENCE_RATE / (1 - REFERENCE_RATE))


@feature(
    "merchant",
    "log(1 + frauds)",
    lambda m, v: f"The merchant's last {expm1(v):.0f} known payments {from_devices(m)} were fraud",
)
def merchant_fraud_run(moment: Moment) -> float | None:
    """How many of the merchant's latest known payments in a row were fraud."""
    if moment.transaction.merchant_id is None:
        return None
    return log1p(moment.reputation.fraud_run) if moment.reputation else 0.0


def _known_share(moment: Moment) -> str:
    frauds, legitimate = (
        (moment.reputation.known_frauds, moment.reputation.known_legitimate) if moment.reputation else (0, 0)
    )
    return f"{frauds} of the merchant's {frauds + legitimate} known payments {from_devices(moment)} were fraud"


@feature("merchant", "0 to 1", lambda m, _: _known_share(m))
def merchant_fraud_share(moment: Moment) -> float | None:
    """The share of frauds among the merchant's known payments and one more: not smoothed, so that it speaks early."""
    merchant = moment.reputation
    if moment.transaction.merchant_id is None:
        return None
    return merchant.known_frauds / (merchant.known_frauds + merchant.known_legitimate + 1) if merchant else 0.0


@feature("merchant", "log(1 + frauds)", lambda m, v: f"{expm1(v):.0f} known frauds at the merchant {from_devices(m)}")
def merchant_known_frauds(moment: Moment) -> float | None:
    """The merchant's known frauds."""
    if moment.transaction.merchant_id is None:
        return None
    return log1p(moment.reputation.known_frauds) if moment.reputation else 0.0


@feature("merchant", "log(1 + days)", lambda _, v: f"The merchant's last known fraud was {expm1(v):.0f} days ago")
def merchant_fraud_age_days(moment: Moment) -> float | None:
    """Time since the merchant's last known fraud; absent without one."""
    if moment.reputation is None or moment.reputation.last_fraud_ms is None:
        return None
    return log1p(max(0, moment.time_ms - moment.reputation.last_fraud_ms) / DAY_MS)


FEATURES: tuple[Feature, ...] = (
    merchant_new,
    category_new,
    merchants_24h,
    merchant_missing,
    merchant_fraud_rate,
    merchant_fraud_share,
    merchant_fraud_run,
    merchant_known_frauds,
    merchant_fraud_age_days,
)
