"""Features of the amount, against the user's own habit."""

from math import exp, log1p, sqrt

from detector.features import Feature, feature
from detector.moment import Moment

Z_LIMIT = 8.0
Z_FLOOR = 0.05


def _usual(moment: Moment) -> str:
    return f"usual is {moment.habits.amount:.2f}" if moment.habits.count else "no earlier payment"


@feature("amount", "log(1 + base currency)", lambda m, _: f"The amount is {m.amount:.2f} {m.currency}; {_usual(m)}")
def log_amount(moment: Moment) -> float | None:
    """The amount."""
    return log1p(moment.amount)


@feature(
    "amount",
    "log ratio",
    lambda m, v: (
        f"The amount {m.amount:.2f} {m.currency} is {exp(v):.1f} times this customer's usual {m.habits.amount:.2f}"
    ),
)
def amount_ratio(moment: Moment) -> float | None:
    """The amount against the user's habit, a clipped running mean; absent on the first payment."""
    return moment.amount_ratio


@feature(
    "amount",
    "log ratio",
    lambda _, v: f"The largest payment of the last 7 days was {exp(v):.1f} times the usual amount",
)
def max_amount_ratio_7d(moment: Moment) -> float | None:
    """The highest `amount_ratio` of the payments of the last 7 days before this one."""
    return moment.windows.ratio_7d


@feature(
    "amount",
    "standard deviations, -8 to 8",
    lambda m, v: (
        f"The amount {m.amount:.2f} is {v:+.1f} standard deviations from this customer's typical "
        f"{exp(m.habits.log_mean) - 1:.2f}"
    ),
)
def amount_z(moment: Moment) -> float | None:
    """The z-score of the log amount among the user's own; absent before the second payment."""
    habits = moment.habits
    if habits.count < 2:  # noqa: PLR2004 a spread needs two
        return None
    z = (log1p(moment.amount) - habits.log_mean) / sqrt(habits.log_variance + Z_FLOOR)
    return max(-Z_LIMIT, min(Z_LIMIT, z))


FEATURES: tuple[Feature, ...] = (log_amount, amount_ratio, max_amount_ratio_7d, amount_z)
