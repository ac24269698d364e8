"""Features of how often and how much the user pays, over the payments before this one."""

from math import exp, expm1, log, log1p

from detector.features import Feature, feature
from detector.habits import DAY_MS
from detector.moment import Moment
from detector.wording import duration, plural

COUNT = "log(1 + payments)"
MONEY = "log(1 + base currency)"
HOUR_DAYS = 1 / 24


def per_day(moment: Moment) -> float:
    """Return the user's usual number of payments a day, over 30 days or since the first payment, but at least a day."""
    since_first = (moment.time_ms - moment.habits.first_ms) / DAY_MS
    return moment.windows.count_30d / max(1.0, min(30.0, since_first))


def _payments(window: str, moment: Moment, value: float) -> str:
    return f"{plural(expm1(value), 'payment')} in the previous {window}; {per_day(moment):.1f} a day is usual"


def _spent(window: str, moment: Moment, value: float) -> str:
    usual = per_day(moment) * moment.habits.amount
    return f"{expm1(value):.2f} {moment.currency} spent in the previous {window}; {usual:.2f} a day is usual"


@feature(COUNT, lambda m, v: _payments("30 seconds", m, v))
def count_30s(moment: Moment) -> float | None:
    """Payments in the previous 30 seconds."""
    return log1p(moment.windows.count_30s)


@feature(COUNT, lambda m, v: _payments("10 minutes", m, v))
def count_10m(moment: Moment) -> float | None:
    """Payments in the previous 10 minutes."""
    return log1p(moment.windows.count_10m)


@feature(COUNT, lambda m, v: _payments("hour", m, v))
def count_1h(moment: Moment) -> float | None:
    """Payments in the previous hour."""
    return log1p(moment.windows.count_1h)


@feature(COUNT, lambda m, v: _payments("24 hours", m, v))
def count_24h(moment: Moment) -> float | None:
    """Payments in the previous 24 hours."""
    return log1p(moment.windows.count_24h)


@feature(COUNT, lambda m, v: _payments("7 days", m, v))
def count_7d(moment: Moment) -> float | None:
    """Payments in the previous 7 days."""
    return log1p(moment.windows.count_7d)


@feature(COUNT, lambda m, v: _payments("30 days", m, v))
def count_30d(moment: Moment) -> float | None:
    """Payments in the previous 30 days."""
    return log1p(moment.windows.count_30d)


@feature(MONEY, lambda m, v: _spent("hour", m, v))
def amount_1h(moment: Moment) -> float | None:
    """Sum of the payments in the previous hour."""
    return log1p(moment.windows.cents_1h / 100)


@feature(MONEY, lambda m, v: _spent("24 hours", m, v))
def amount_24h(moment: Moment) -> float | None:
    """Sum of the payments in the previous 24 hours."""
    return log1p(moment.windows.cents_24h / 100)


@feature(MONEY, lambda m, v: _spent("7 days", m, v))
def amount_7d(moment: Moment) -> float | None:
    """Sum of the payments in the previous 7 days."""
    return log1p(moment.windows.cents_7d / 100)


@feature(
    COUNT,
    lambda m, v: (
        f"{plural(expm1(v), 'payment')} below {m.otp_threshold:.2f} {m.currency} in the previous hour; "
        f"this customer usually makes {per_day(m):.1f} payments a day"
    ),
)
def small_count_1h(moment: Moment) -> float | None:
    """Payments in the previous hour that were below the OTP threshold."""
    return log1p(moment.windows.under_1h)


def _pace(window: str, days: float, moment: Moment, value: float) -> str:
    usual = (moment.payments_a_day or 0.0) * days
    count = exp(value) * (usual + 1) - 1
    return f"{plural(count, 'payment')} in the previous {window}, against {usual:.2f} at this customer's pace"


def _own_pace(moment: Moment, count: int, days: float) -> float | None:
    """Compare a count with the user's own rate; both get one payment more, so that they stay finite."""
    rate = moment.payments_a_day
    return None if rate is None else log((count + 1) / (rate * days + 1))


@feature("log ratio", lambda m, v: _pace("hour", HOUR_DAYS, m, v))
def pace_ratio_1h(moment: Moment) -> float | None:
    """Payments in the previous hour relative to the user's own rate since the first one; absent on the first."""
    return _own_pace(moment, moment.windows.count_1h, HOUR_DAYS)


@feature(
    "log ratio",
    lambda m, _: f"{plural(m.windows.count_24h, 'payment')} in the previous 24 hours, against a usual {per_day(m):.1f}",
)
def pace_ratio(moment: Moment) -> float | None:
    """Payments in the previous 24 hours relative to the user's usual number a day; absent on a cold history."""
    return None if moment.is_cold else log((moment.windows.count_24h + 1) / (per_day(moment) + 1))


@feature("log ratio", lambda m, v: _pace("7 days", 7, m, v))
def pace_ratio_7d(moment: Moment) -> float | None:
    """Payments in the previous 7 days relative to the user's own rate since the first one; absent on the first."""
    return _own_pace(moment, moment.windows.count_7d, 7)


def _spending(window: str, days: float, moment: Moment, value: float) -> str:
    usual = _usual_spending(moment, days)
    return (
        f"{exp(value) * (usual + 1) - 1:.2f} {moment.currency} within {window}, this payment included; "
        f"{usual:.2f} would match this customer's pace"
    )


def _usual_spending(moment: Moment, days: float) -> float:
    """Return what the user's own rate and one payment more amount to, each of the usual amount."""
    return moment.habits.amount * ((moment.payments_a_day or 0.0) * days + 1)


def _own_spending(moment: Moment, cents: float, days: float) -> float | None:
    """Compare the spending, this amount included, with the usual one."""
    if moment.payments_a_day is None:
        return None
    return log((cents / 100 + moment.amount + 1) / (_usual_spending(moment, days) + 1))


@feature("log ratio", lambda m, v: _spending("an hour", HOUR_DAYS, m, v))
def spend_ratio_1h(moment: Moment) -> float | None:
    """Spending in the previous hour and now relative to the user's own rate and usual amount; absent on the first."""
    return _own_spending(moment, moment.windows.cents_1h, HOUR_DAYS)


@feature("log ratio", lambda m, v: _spending("24 hours", 1, m, v))
def spend_ratio_24h(moment: Moment) -> float | None:
    """Spending in the previous 24 hours and now, likewise."""
    return _own_spending(moment, moment.windows.cents_24h, 1)


@feature("log ratio", lambda m, v: _spending("7 days", 7, m, v))
def spend_ratio_7d(moment: Moment) -> float | None:
    """Spending in the previous 7 days and now, likewise."""
    return _own_spending(moment, moment.windows.cents_7d, 7)


@feature("log(1 + s)", lambda _, v: f"The previous payment was {duration(expm1(v))} earlier")
def seconds_since_last(moment: Moment) -> float | None:
    """Time since the previous payment; absent on the first one."""
    habits = moment.habits
    return log1p(max(0, moment.time_ms - habits.last_ms) / 1000) if habits.count else None


@feature(
    COUNT,
    lambda _, v: f"{plural(expm1(v), 'earlier payment')} in this session (no pause over 30 minutes)",
)
def session_count(moment: Moment) -> float | None:
    """Earlier payments in this session."""
    return log1p(moment.windows.session_count)


@feature(MONEY, lambda m, v: f"{expm1(v):.2f} {m.currency} spent earlier in this session")
def session_amount(moment: Moment) -> float | None:
    """Sum of the earlier payments in this session."""
    return log1p(moment.windows.session_cents / 100)


@feature("log(1 + s)", lambda _, v: f"This session has lasted {duration(expm1(v))}")
def session_duration(moment: Moment) -> float | None:
    """Time since the first payment of this session."""
    return log1p((moment.time_ms - moment.windows.session_start_ms) / 1000)


FEATURES: tuple[Feature, ...] = (
    count_30s,
    count_10m,
    count_1h,
    count_24h,
    count_7d,
    count_30d,
    amount_1h,
    amount_24h,
    amount_7d,
    small_count_1h,
    pace_ratio_1h,
    pace_ratio,
    pace_ratio_7d,
    spend_ratio_1h,
    spend_ratio_24h,
    spend_ratio_7d,
    seconds_since_last,
    session_count,
    session_amount,
    session_duration,
)
