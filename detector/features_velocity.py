"""Features of how often and how much the user pays, over the payments before this one."""

from math import expm1, log, log1p

from detector.features import Feature, feature
from detector.habits import DAY_MS
from detector.moment import Moment
from detector.wording import duration, plural

COUNT = "log(1 + payments)"
MONEY = "log(1 + base currency)"


def per_day(moment: Moment) -> float:
    """Return the user's usual number of payments a day, over 30 days or since the first payment, but at least a day."""
    since_first = (moment.time_ms - moment.habits.first_ms) / DAY_MS
    return moment.windows.count_30d / max(1.0, min(30.0, since_first))


def _payments(window: str, moment: Moment, value: float) -> str:
    return f"{plural(expm1(value), 'payment')} in the previous {window}; {per_day(moment):.1f} a day is usual"


def _spent(window: str, moment: Moment, value: float) -> str:
    usual = per_day(moment) * moment.habits.amount
    return f"{expm1(value):.2f} {moment.currency} spent in the previous {window}; {usual:.2f} a day is usual"


@feature("velocity", COUNT, lambda m, v: _payments("10 minutes", m, v))
def count_10m(moment: Moment) -> float | None:
    """Payments in the previous 10 minutes."""
    return log1p(moment.windows.count_10m)


@feature("velocity", COUNT, lambda m, v: _payments("hour", m, v))
def count_1h(moment: Moment) -> float | None:
    """Payments in the previous hour."""
    return log1p(moment.windows.count_1h)


@feature("velocity", COUNT, lambda m, v: _payments("24 hours", m, v))
def count_24h(moment: Moment) -> float | None:
    """Payments in the previous 24 hours."""
    return log1p(moment.windows.count_24h)


@feature("velocity", COUNT, lambda m, v: _payments("7 days", m, v))
def count_7d(moment: Moment) -> float | None:
    """Payments in the previous 7 days."""
    return log1p(moment.windows.count_7d)


@feature("velocity", MONEY, lambda m, v: _spent("hour", m, v))
def amount_1h(moment: Moment) -> float | None:
    """Sum of the payments in the previous hour."""
    return log1p(moment.windows.cents_1h / 100)


@feature("velocity", MONEY, lambda m, v: _spent("24 hours", m, v))
def amount_24h(moment: Moment) -> float | None:
    """Sum of the payments in the previous 24 hours."""
    return log1p(moment.windows.cents_24h / 100)


@feature("velocity", MONEY, lambda m, v: _spent("7 days", m, v))
def amount_7d(moment: Moment) -> float | None:
    """Sum of the payments in the previous 7 days."""
    return log1p(moment.windows.cents_7d / 100)


@feature(
    "velocity",
    COUNT,
    lambda m, v: (
        f"{plural(expm1(v), 'payment')} below {m.otp_threshold:.2f} {m.currency} in the previous hour; "
        f"this customer usually makes {per_day(m):.1f} payments a day"
    ),
)
def small_count_1h(moment: Moment) -> float | None:
    """Payments in the previous hour that were below the OTP threshold."""
    return log1p(moment.windows.under_1h)


@feature(
    "velocity",
    "log ratio",
    lambda m, _: f"{plural(m.windows.count_24h, 'payment')} in the previous 24 hours, against a usual {per_day(m):.1f}",
)
def pace_ratio(moment: Moment) -> float | None:
    """Payments in the previous 24 hours relative to the user's usual number a day; absent on a cold history."""
    return None if moment.is_cold else log((moment.windows.count_24h + 1) / (per_day(moment) + 1))


@feature("velocity", "log(1 + s)", lambda _, v: f"The previous payment was {duration(expm1(v))} earlier")
def seconds_since_last(moment: Moment) -> float | None:
    """Time since the previous payment; absent on the first one."""
    habits = moment.habits
    return log1p(max(0, moment.time_ms - habits.last_ms) / 1000) if habits.count else None


@feature(
    "velocity",
    COUNT,
    lambda _, v: f"{plural(expm1(v), 'earlier payment')} in this session (no pause over 30 minutes)",
)
def session_count(moment: Moment) -> float | None:
    """Earlier payments in this session."""
    return log1p(moment.windows.session_count)


@feature("velocity", MONEY, lambda m, v: f"{expm1(v):.2f} {m.currency} spent earlier in this session")
def session_amount(moment: Moment) -> float | None:
    """Sum of the earlier payments in this session."""
    return log1p(moment.windows.session_cents / 100)


@feature("velocity", "log(1 + s)", lambda _, v: f"This session has lasted {duration(expm1(v))}")
def session_duration(moment: Moment) -> float | None:
    """Time since the first payment of this session."""
    return log1p((moment.time_ms - moment.windows.session_start_ms) / 1000)


FEATURES: tuple[Feature, ...] = (
    count_10m,
    count_1h,
    count_24h,
    count_7d,
    amount_1h,
    amount_24h,
    amount_7d,
    small_count_1h,
    pace_ratio,
    seconds_since_last,
    session_count,
    session_amount,
    session_duration,
)
