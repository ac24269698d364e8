"""Features of the amount, compared with the user's habit."""

from math import exp, isnan, log, log1p, nan, sqrt

from detector.facts import Facts
from detector.features import Words, feature
from detector.moment import Moment
from weir.compiled import compiled

# One extreme amount must not decide a score alone. A round number; not measured.
Z_LIMIT = 8.0

# Added to the variance: it keeps the z-score of a user who always pays the same amount finite. Not measured.
Z_FLOOR = 0.05


def _usual(moment: Moment) -> str:
    if not moment.facts.payments:
        return "there is no earlier payment"
    usual = moment.facts.usual_amount
    return "no earlier amount is known" if isnan(usual) else f"this customer's usual is {usual:.2f}"


@feature("log(1 + base currency)", lambda m, _: f"The amount is {m.facts.amount:.2f} {m.currency}; {_usual(m)}")
def log_amount(facts: Facts) -> float:
    """The amount of the payment."""
    return log1p(facts.amount)


@feature(
    "log ratio",
    lambda m, v: (
        f"{m.facts.amount:.2f} {m.currency} is {exp(v):.1f} times this customer's usual amount of "
        f"{m.facts.usual_amount:.2f}"
    ),
)
def amount_ratio(facts: Facts) -> float:
    """The amount relative to the user's habit, a clipped running mean; absent on the first payment."""
    return facts.amount_ratio


def _largest(window: str) -> Words:
    return lambda _, v: f"The largest payment in the previous {window} was {exp(v):.1f} times the usual amount"


@feature("log ratio", _largest("24 hours"))
def max_amount_ratio_24h(facts: Facts) -> float:
    """The highest `amount_ratio` in the previous 24 hours; absent without one."""
    return facts.ratio_24h


@feature("log ratio", _largest("7 days"))
def max_amount_ratio_7d(facts: Facts) -> float:
    """The highest `amount_ratio` in the previous 7 days."""
    return facts.ratio_7d


@feature(
    "log ratio",
    lambda m, v: (
        f"{m.facts.amount:.2f} {m.currency} is {exp(v):.1f} times this customer's usual {m.facts.category_amount:.2f} "
        f"for {m.transaction.merchant_category}"
    ),
)
def category_amount_ratio(facts: Facts) -> float:
    """The amount relative to the user's clipped running mean in the merchant category; absent on the first one."""
    return log((facts.amount + 1) / (facts.category_amount + 1))


@feature(
    "standard deviations, -8 to 8",
    lambda m, v: (
        f"{m.facts.amount:.2f} {m.currency} is {abs(v):.1f} standard deviations {'below' if v < 0 else 'above'} "
        f"this customer's typical {exp(m.facts.log_mean) - 1:.2f}"
    ),
)
def amount_z(facts: Facts) -> float:
    """The z-score of the log amount among the user's earlier ones; absent if there are fewer than two."""
    if facts.payments < 2:  # noqa: PLR2004 a spread needs two
        return nan
    z = (log1p(facts.amount) - facts.log_mean) / sqrt(facts.log_variance + Z_FLOOR)
    return nan if isnan(z) else max(-Z_LIMIT, min(Z_LIMIT, z))


@compiled
def amount_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        log_amount(facts),
        amount_ratio(facts),
        max_amount_ratio_24h(facts),
        max_amount_ratio_7d(facts),
        category_amount_ratio(facts),
        amount_z(facts),
    )
