"""Features of how often and how much the user pays, over the payments before this one."""

from math import exp, expm1, log, log1p, nan

from detector.facts import Facts
from detector.features import feature
from detector.moment import Moment
from detector.wording import duration, plural
from weir.compiled import compiled

COUNT = "log(1 + payments)"
MONEY = "log(1 + base currency)"
HOUR_DAYS = 1 / 24


def _payments(window: str, moment: Moment, value: float) -> str:
    return f"{plural(expm1(value), 'payment')} in the previous {window}; {moment.facts.recent_payments_a_day:.1f} a day is usual"


def _spent(window: str, spent: float, moment: Moment) -> str:
    usual = moment.facts.recent_payments_a_day * moment.facts.usual_amount
    return f"{spent:.2f} {moment.currency} spent in the previous {window}; {usual:.2f} a day is usual"


@feature(COUNT, lambda m, v: _payments("20 seconds", m, v))
def count_20s(facts: Facts) -> float:
    """Payments in the previous 20 seconds."""
    return log1p(facts.count_20s)


@feature(COUNT, lambda m, v: _payments("30 seconds", m, v))
def count_30s(facts: Facts) -> float:
    """Payments in the previous 30 seconds."""
    return log1p(facts.count_30s)


@feature(COUNT, lambda m, v: _payments("10 minutes", m, v))
def count_10m(facts: Facts) -> float:
    """Payments in the previous 10 minutes."""
    return log1p(facts.count_10m)


@feature(COUNT, lambda m, v: _payments("hour", m, v))
def count_1h(facts: Facts) -> float:
    """Payments in the previous hour."""
    return log1p(facts.count_1h)


@feature(COUNT, lambda m, v: _payments("24 hours", m, v))
def count_24h(facts: Facts) -> float:
    """Payments in the previous 24 hours."""
    return log1p(facts.count_24h)


@feature(COUNT, lambda m, v: _payments("7 days", m, v))
def count_7d(facts: Facts) -> float:
    """Payments in the previous 7 days."""
    return log1p(facts.count_7d)


@feature(COUNT, lambda m, v: _payments("30 days", m, v))
def count_30d(facts: Facts) -> float:
    """Payments in the previous 30 days."""
    return log1p(facts.count_30d)


@feature(MONEY, lambda m, _: _spent("20 seconds", m.facts.amount_20s, m))
def amount_20s(facts: Facts) -> float:
    """Sum of the payments in the previous 20 seconds."""
    return log1p(facts.amount_20s)


@feature(MONEY, lambda m, _: _spent("30 seconds", m.facts.amount_30s, m))
def amount_30s(facts: Facts) -> float:
    """Sum of the payments in the previous 30 seconds."""
    return log1p(facts.amount_30s)


@feature(MONEY, lambda m, _: _spent("10 minutes", m.facts.amount_10m, m))
def amount_10m(facts: Facts) -> float:
    """Sum of the payments in the previous 10 minutes."""
    return log1p(facts.amount_10m)


@feature(MONEY, lambda m, _: _spent("hour", m.facts.amount_1h, m))
def amount_1h(facts: Facts) -> float:
    """Sum of the payments in the previous hour."""
    return log1p(facts.amount_1h)


@feature(MONEY, lambda m, _: _spent("24 hours", m.facts.amount_24h, m))
def amount_24h(facts: Facts) -> float:
    """Sum of the payments in the previous 24 hours."""
    return log1p(facts.amount_24h)


@feature(MONEY, lambda m, _: _spent("7 days", m.facts.amount_7d, m))
def amount_7d(facts: Facts) -> float:
    """Sum of the payments in the previous 7 days."""
    return log1p(facts.amount_7d)


@feature(MONEY, lambda m, _: _spent("30 days", m.facts.amount_30d, m))
def amount_30d(facts: Facts) -> float:
    """Sum of the payments in the previous 30 days."""
    return log1p(facts.amount_30d)


@feature(
    COUNT,
    lambda m, v: (
        f"{plural(expm1(v), 'payment')} below {m.facts.otp_threshold:.2f} {m.currency} in the previous hour; "
        f"this customer usually makes {m.facts.recent_payments_a_day:.1f} payments a day"
    ),
)
def small_count_1h(facts: Facts) -> float:
    """Payments in the previous hour that were below the OTP threshold."""
    return log1p(facts.under_1h)


def _pace(window: str, days: float, moment: Moment, value: float) -> str:
    usual = moment.facts.payments_a_day * days
    count = exp(value) * (usual + 1) - 1
    return f"{plural(count, 'payment')} in the previous {window}, against {usual:.2f} at this customer's pace"


@compiled
def _own_pace(facts: Facts, count: float, days: float) -> float:
    """Compare a count with the user's own rate; both get one payment more, so that they stay finite."""
    return log((count + 1) / (facts.payments_a_day * days + 1))


@feature("log ratio", lambda m, v: _pace("hour", HOUR_DAYS, m, v))
def pace_ratio_1h(facts: Facts) -> float:
    """Payments in the previous hour relative to the user's own rate since the first one; absent on the first."""
    return _own_pace(facts, facts.count_1h, HOUR_DAYS)


@feature(
    "log ratio",
    lambda m, _: (
        f"{plural(m.facts.count_24h, 'payment')} in the previous 24 hours, against a usual {m.facts.recent_payments_a_day:.1f}"
    ),
)
def pace_ratio(facts: Facts) -> float:
    """Payments in the previous 24 hours relative to the user's usual number a day; absent on a cold history."""
    return nan if facts.cold else log((facts.count_24h + 1) / (facts.recent_payments_a_day + 1))


@feature("log ratio", lambda m, v: _pace("7 days", m.facts.week_days, m, v))
def week_pace_ratio(facts: Facts) -> float:
    """Payments in the previous 7 days relative to the user's own rate over the days that are known; absent on the first."""
    return _own_pace(facts, facts.count_7d, facts.week_days)


def _spending(window: str, spent: float, days: float, moment: Moment) -> str:
    usual = _usual_spending(moment.facts.usual_amount, moment.facts.payments_a_day, days)
    return (
        f"{spent + moment.facts.amount:.2f} {moment.currency} within {window}, this payment included; "
        f"{usual:.2f} would match this customer's pace"
    )


@compiled
def _usual_spending(usual_amount: float, payments_a_day: float, days: float) -> float:
    """Return what the user's own rate and one payment more amount to, each of the usual amount."""
    return usual_amount * (payments_a_day * days + 1)


@compiled
def _own_spending(facts: Facts, spent: float, days: float) -> float:
    """Compare the spending, this amount included, with the usual one."""
    return log((spent + facts.amount + 1) / (_usual_spending(facts.usual_amount, facts.payments_a_day, days) + 1))


@feature("log ratio", lambda m, _: _spending("an hour", m.facts.amount_1h, HOUR_DAYS, m))
def spend_ratio_1h(facts: Facts) -> float:
    """Spending in the previous hour and now relative to the user's own rate and usual amount; absent on the first."""
    return _own_spending(facts, facts.amount_1h, HOUR_DAYS)


@feature("log ratio", lambda m, _: _spending("24 hours", m.facts.amount_24h, 1.0, m))
def spend_ratio_24h(facts: Facts) -> float:
    """Spending in the previous 24 hours and now, likewise."""
    return _own_spending(facts, facts.amount_24h, 1)


@feature("log ratio", lambda m, _: _spending("7 days", m.facts.amount_7d, m.facts.week_days, m))
def week_spend_ratio(facts: Facts) -> float:
    """Spending in the previous 7 days and now, likewise."""
    return _own_spending(facts, facts.amount_7d, facts.week_days)


@feature("log(1 + s)", lambda _, v: f"The previous payment was {duration(expm1(v))} earlier")
def seconds_since_last(facts: Facts) -> float:
    """Time since the previous payment; absent on the first one."""
    return log1p(max(0.0, facts.time_ms - facts.last_ms) / 1000) if facts.payments else nan


@feature(
    COUNT,
    lambda _, v: f"{plural(expm1(v), 'earlier payment')} in this session (no pause over 30 minutes)",
)
def session_count(facts: Facts) -> float:
    """Earlier payments in this session."""
    return log1p(facts.session_count)


@feature(MONEY, lambda m, _: f"{m.facts.session_amount:.2f} {m.currency} spent earlier in this session")
def session_amount(facts: Facts) -> float:
    """Sum of the earlier payments in this session."""
    return log1p(facts.session_amount)


@feature("log(1 + s)", lambda _, v: f"This session has lasted {duration(expm1(v))}")
def session_duration(facts: Facts) -> float:
    """Time since the first payment of this session."""
    return log1p((facts.time_ms - facts.session_start_ms) / 1000)


def _today(moment: Moment) -> str:
    return "today, on the customer's clock" if moment.transaction.utc_offset_ms else "today (UTC)"


@feature(
    COUNT,
    lambda m, v: (
        f"{plural(expm1(v), 'payment')} earlier {_today(m)}; {m.facts.recent_payments_a_day:.1f} a day is usual"
    ),
)
def count_today(facts: Facts) -> float:
    """Earlier payments of this day, from midnight on the clock of `hour`."""
    return log1p(facts.count_today)


@feature(MONEY, lambda m, _: f"{m.facts.amount_today:.2f} {m.currency} spent earlier {_today(m)}")
def amount_today(facts: Facts) -> float:
    """Sum of the earlier payments of this day, from midnight on the clock of `hour`."""
    return log1p(facts.amount_today)


@compiled
def velocity_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        count_20s(facts),
        count_30s(facts),
        count_10m(facts),
        count_1h(facts),
        count_24h(facts),
        count_7d(facts),
        count_30d(facts),
        amount_20s(facts),
        amount_30s(facts),
        amount_10m(facts),
        amount_1h(facts),
        amount_24h(facts),
        amount_7d(facts),
        amount_30d(facts),
        small_count_1h(facts),
        pace_ratio_1h(facts),
        pace_ratio(facts),
        week_pace_ratio(facts),
        spend_ratio_1h(facts),
        spend_ratio_24h(facts),
        week_spend_ratio(facts),
        seconds_since_last(facts),
        session_count(facts),
        session_amount(facts),
        session_duration(facts),
        count_today(facts),
        amount_today(facts),
    )
