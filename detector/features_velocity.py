"""Features of how often and how much the user pays; a payment does not count itself."""

from math import expm1, log, log1p

from detector.features import Feature, feature
from detector.habits import DAY_MS
from detector.moment import Moment

COUNT = "log(1 + payments)"
MONEY = "log(1 + base currency)"


def per_day(moment: Moment) -> float:
    """The user's usual number of payments a day: over the last 30 days, or since the first payment if that is shorter."""
    since_first = (moment.time_ms - moment.habits.first_ms) / DAY_MS
    return moment.windows.count_30d / max(1.0, min(30.0, since_first))


def _payments(window: str, moment: Moment, value: float) -> str:
    return f"{expm1(value):.0f} payments in the last {window}; usual are {per_day(moment):.1f} a day"


def _spent(window: str, moment: Moment, value: float) -> str:
    usual = per_day(moment) * moment.habits.amount
    return f"{expm1(value):.2f} {moment.currency} spent in the last {window}; usual are {usual:.2f} a day"


@feature("velocity", COUNT, lambda m, v: _payments("10 minutes", m, v))
def count_10m(moment: Moment) -> float | None:
    """Payments in the last 10 minutes."""
    return log1p(moment.windows.count_10m)


@feature("velocity", COUNT, lambda m, v: _payments("hour", m, v))
def count_1h(moment: Moment) -> float | None:
    """Payments in the last hour."""
    return log1p(moment.windows.count_1h)


@feature("velocity", COUNT, lambda m, v: _payments("24 hours", m, v))
def count_24h(moment: Moment) -> float | None:
    """Payments in the last 24 hours."""
    return log1p(moment.windows.count_24h)


@feature("velocity", COUNT, lambda m, v: _payments("7 days", m, v))
def count_7d(moment: Moment) -> float | None:
    """Payments in the last 7 days."""
    return log1p(moment.windows.count_7d)


@feature("velocity", MONEY, lambda m, v: _spent("hour", m, v))
def amount_1h(moment: Moment) -> float | None:
    """The sum of the payments of the last hour."""
    return log1p(moment.windows.cents_1h / 100)


@feature("velocity", MONEY, lambda m, v: _spent("24 hours", m, v))
def amount_24h(moment: Moment) -> float | None:
    """The sum of the payments of the last 24 hours."""
    return log1p(moment.windows.cents_24h / 100)


@feature("velocity", MONEY, lambda m, v: _spent("7 days", m, v))
def amount_7d(moment: Moment) -> float | None:
    """The sum of the payments of the last 7 days."""
    return log1p(moment.windows.cents_7d / 100)


@feature(
    "velocity",
    COUNT,
    lambda m, v: (
        f"{expm1(v):.0f} payments below {m.otp_threshold:.2f} {m.currency} in the last hour; "
        f"usual are {per_day(m):.1f} payments a day"
    ),
)
def small_count_1h(moment: Moment) -> float | None:
    """Payments of the last hour below the amount from which a customer must prove who they are."""
    return log1p(moment.windows.under_1h)


@feature(
    "velocity",
    "log ratio",
    lambda m, _: f"{m.windows.count_24h} payments in the last 24 hours where {per_day(m):.1f} a day are usual",
)
def pace_ratio(moment: Moment) -> float | None:
    """The payments of the last 24 hours against the user's usual number a day; absent on a cold history."""
    return None if moment.is_cold else log((moment.windows.count_24h + 1) / (per_day(moment) + 1))


@feature("velocity", "log(1 + s)", lambda _, v: f"{expm1(v) / 60:.0f} minutes since the payment before")
def seconds_since_last(moment: Moment) -> float | None:
    """Time since the payment before; absent on the first one."""
    habits = moment.habits
    return log1p(max(0, moment.time_ms - habits.last_ms) / 1000) if habits.count else None


@feature("velocity", COUNT, lambda _, v: f"{expm1(v):.0f} earlier payments in this session (no pause over 30 minutes)")
def session_count(moment: Moment) -> float | None:
    """Earlier payments of this session."""
    return log1p(moment.windows.session_count)


@feature("velocity", MONEY, lambda m, v: f"{expm1(v):.2f} {m.currency} spent before in this session")
def session_amount(moment: Moment) -> float | None:
    """The sum of the earlier payments of this session."""
    return log1p(moment.windows.session_cents / 100)


@feature("velocity", "log(1 + s)", lambda _, v: f"This session lasts {expm1(v) / 60:.0f} minutes so far")
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
