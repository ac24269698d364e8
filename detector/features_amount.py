"""Features of the amount, compared with the user's habit."""

from math import exp, log, log1p, sqrt

from detector.features import Feature, Words, feature
from detector.moment import Moment

# One extreme amount must not decide a score alone. A round number; not measured.
Z_LIMIT = 8.0

# Added to the variance: it keeps the z-score of a user who always pays the same amount finite. Not measured.
Z_FLOOR = 0.05


def _usual(moment: Moment) -> str:
    return (
        f"this customer's usual is {moment.habits.amount:.2f}" if moment.habits.count else "there is no earlier payment"
    )


@feature("log(1 + base currency)", lambda m, _: f"The amount is {m.amount:.2f} {m.currency}; {_usual(m)}")
def log_amount(moment: Moment) -> float | None:
    """The amount of the payment."""
    return log1p(moment.amount)


@feature(
    "log ratio",
    lambda m, v: (
        f"{m.amount:.2f} {m.currency} is {exp(v):.1f} times this customer's usual amount of {m.habits.amount:.2f}"
    ),
)
def amount_ratio(moment: Moment) -> float | None:
    """The amount relative to the user's habit, a clipped running mean; absent on the first payment."""
    return moment.amount_ratio


def _largest(window: str) -> Words:
    return lambda _, v: f"The largest payment in the previous {window} was {exp(v):.1f} times the usual amount"


@feature("log ratio", _largest("24 hours"))
def max_amount_ratio_24h(moment: Moment) -> float | None:
    """The highest `amount_ratio` in the previous 24 hours; absent without one."""
    return moment.windows.ratio_24h


@feature("log ratio", _largest("7 days"))
def max_amount_ratio_7d(moment: Moment) -> float | None:
    """The highest `amount_ratio` in the previous 7 days."""
    return moment.windows.ratio_7d


@feature(
    "log ratio",
    lambda m, v: (
        f"{m.amount:.2f} {m.currency} is {exp(v):.1f} times this customer's usual {m.category_amount or 0:.2f} "
        f"for {m.transaction.merchant_category}"
    ),
)
def category_amount_ratio(moment: Moment) -> float | None:
    """The amount relative to the user's clipped running mean in the merchant category; absent on the first one."""
    usual = moment.category_amount
    return None if usual is None else log((moment.amount + 1) / (usual + 1))


@feature(
    "standard deviations, -8 to 8",
    lambda m, v: (
        f"{m.amount:.2f} {m.currency} is {abs(v):.1f} standard deviations {'below' if v < 0 else 'above'} "
        f"this customer's typical {exp(m.habits.log_mean) - 1:.2f}"
    ),
)
def amount_z(moment: Moment) -> float | None:
    """The z-score of the log amount among the user's earlier ones; absent if there are fewer than two."""
    habits = moment.habits
    if habits.count < 2:  # noqa: PLR2004 a spread needs two
        return None
    z = (log1p(moment.amount) - habits.log_mean) / sqrt(habits.log_variance + Z_FLOOR)
    return max(-Z_LIMIT, min(Z_LIMIT, z))


FEATURES: tuple[Feature, ...] = (
    log_amount,
    amount_ratio,
    max_amount_ratio_24h,
    max_amount_ratio_7d,
    category_amount_ratio,
    amount_z,
)
