"""The sliding and tumbling windows and the session of a payment, over the payments before it.

20 s to 24 h         exact: (time - window, time]
7 d, 30 d            exact for payments that are not compacted yet, daily panes for older ones; a pane counts if its
                     middle is inside, so the far edge is off by at most 12 h
session              the payments before it without a pause above 30 min, at most 24 h
today                tumbling: from midnight, UTC, on

The lengths are round numbers; not measured.
"""

from math import isnan, nan
from typing import Any

from detector.habits import DAY_MS
from detector.history import PANE_MS
from detector.records import Bytes
from detector.state import COMPACTED, habits_of, header_of, panes_of, recent_of, spent
from weir.compiled import compiled

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
WEEK_MS = 7 * DAY_MS
MONTH_MS = 30 * DAY_MS

# A longer pause ends a session. A round number; not measured.
SESSION_GAP_MS = 30 * MINUTE_MS

# Shares of the OTP threshold: tiny payments are at most a tenth of it, those just under it at least half. Not measured.
TINY_SHARE = 0.1
JUST_UNDER_SHARE = 0.5


@compiled
def look_at_windows(state: Bytes, earlier: int, facts: Any) -> None:
    """Count and sum over the first `earlier` of the recent payments, and over the compacted ones."""
    recent, first_of_day = recent_of(state), earlier
    while first_of_day > 0 and recent[first_of_day - 1].time_ms > facts.time_ms - DAY_MS:
        first_of_day -= 1
    day = recent[first_of_day:earlier]
    _last_hour(facts, day)
    day_cents = _last_day(facts, day)
    _today(facts, day)
    _session(facts, day)
    is_late = facts.time_ms < habits_of(state)[COMPACTED].last_ms
    _long(facts, day_cents, recent[:first_of_day], panes_of(state)[: header_of(state).panes], is_late)


@compiled
def _last_hour(facts: Any, day: Any) -> None:
    threshold = facts.otp_threshold * 100
    cents_20s, cents_30s, cents_10m, cents_1h = 0.0, 0.0, 0.0, 0.0
    facts.count_20s = facts.count_30s = facts.count_10m = facts.tiny_10m = 0.0
    facts.count_1h = facts.under_1h = facts.just_under_1h = 0.0
    for place in range(len(day) - 1, -1, -1):
        event = day[place]
        age = facts.time_ms - event.time_ms
        if age >= HOUR_MS:
            break
        cents_1h += spent(event)
        facts.count_1h += 1
        facts.under_1h += event.cents < threshold
        facts.just_under_1h += threshold * JUST_UNDER_SHARE <= event.cents < threshold
        if age < 10 * MINUTE_MS:
            cents_10m += spent(event)
            facts.count_10m += 1
            facts.tiny_10m += event.cents <= threshold * TINY_SHARE
        if age < 30 * SECOND_MS:
            cents_30s += spent(event)
            facts.count_30s += 1
        if age < 20 * SECOND_MS:
            cents_20s += spent(event)
            facts.count_20s += 1
    facts.amount_20s, facts.amount_30s = cents_20s / 100, cents_30s / 100
    facts.amount_10m, facts.amount_1h = cents_10m / 100, cents_1h / 100


@compiled
def _last_day(facts: Any, day: Any) -> float:
    """Return the sum in hundredths, which is exact."""
    cents, ratio = 0.0, nan
    for place in range(len(day)):
        cents += spent(day[place])
        ratio = _higher(ratio, day[place].ratio)
    facts.count_24h, facts.amount_24h, facts.ratio_24h = float(len(day)), cents / 100, ratio
    return cents


@compiled
def _today(facts: Any, day: Any) -> None:
    midnight_ms = facts.time_ms - facts.local_ms % DAY_MS
    facts.count_today, cents = 0.0, 0.0
    for place in range(len(day) - 1, -1, -1):
        if day[place].time_ms < midnight_ms:
            break
        facts.count_today += 1
        cents += spent(day[place])
    facts.amount_today = cents / 100


@compiled
def _higher(ratio: float, other: float) -> float:
    """Return the higher of two ratios; NaN is none."""
    return other if isnan(ratio) or other > ratio else ratio


@compiled
def _session(facts: Any, day: Any) -> None:
    count, cents, start_ms = 0, 0.0, facts.time_ms
    for place in range(len(day) - 1, -1, -1):
        if start_ms - day[place].time_ms > SESSION_GAP_MS:
            break
        count += 1
        cents += spent(day[place])
        start_ms = float(day[place].time_ms)
    facts.session_count, facts.session_amount, facts.session_start_ms = float(count), cents / 100, start_ms


@compiled
def _long(facts: Any, day_cents: float, older: Any, panes: Any, is_late: bool) -> None:
    """Add to the last day the older exact payments, which are younger than a week, and the compacted ones.

    Compacted payments come before this one, unless it is late: then a pane counts if its middle does.
    """
    first_of_week = (facts.time_ms - WEEK_MS + PANE_MS // 2) // PANE_MS
    first_of_month = (facts.time_ms - MONTH_MS + PANE_MS // 2) // PANE_MS
    last = (facts.time_ms - PANE_MS // 2) // PANE_MS
    count, cents, ratio = facts.count_24h + len(older), day_cents, facts.ratio_24h
    for place in range(len(older)):
        cents += spent(older[place])
        ratio = _higher(ratio, older[place].ratio)
    facts.count_30d, month_cents = count, cents
    for place in range(len(panes) - 1, -1, -1):
        pane = panes[place]
        if is_late and pane.index > last:
            continue
        if pane.index >= first_of_month:
            facts.count_30d += pane.count
            month_cents += pane.cents
        if pane.index >= first_of_week:
            count += pane.count
            cents += pane.cents
            ratio = _higher(ratio, pane.ratio)
    facts.count_7d, facts.amount_7d, facts.ratio_7d = count, cents / 100, ratio
    facts.amount_30d = month_cents / 100
