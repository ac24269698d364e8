"""The sliding windows and the session of a payment, over the payments before it.

30 s to 24 h         exact: (time - window, time]
7 d, 30 d            exact for payments that are not compacted yet, daily panes for older ones; a pane counts if its
                     middle is inside, so the far edge is off by at most 12 h
session              the payments before it without a pause above 30 min, at most 24 h

The lengths are round numbers; not measured.
"""

from bisect import bisect_right

from msgspec import Struct

from detector.habits import DAY_MS
from detector.history import PANE_MS, Earlier, event_time
from detector.state import Event, Pane

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


class Windows(Struct, gc=False):
    """Counts, and sums in hundredths of the base currency, over the payments before this one.

    `tiny_10m` counts amounts of at most a tenth of the OTP threshold, `under_1h` those below it and `just_under_1h`
    those from half of it up to it. `ratio_24h` and `ratio_7d` are the highest amount ratios. `devices_24h` and the like
    count distinct names. `session_start_ms` is the time of the session's first payment.
    """

    count_30s: int = 0
    count_10m: int = 0
    tiny_10m: int = 0
    count_1h: int = 0
    under_1h: int = 0
    just_under_1h: int = 0
    cents_1h: float = 0.0
    count_24h: int = 0
    cents_24h: float = 0.0
    ratio_24h: float | None = None
    devices_24h: int = 0
    merchants_24h: int = 0
    countries_24h: int = 0
    ips_24h: int = 0
    cards_24h: int = 0
    count_7d: int = 0
    cents_7d: float = 0.0
    ratio_7d: float | None = None
    count_30d: int = 0
    session_count: int = 0
    session_cents: float = 0.0
    session_start_ms: int = 0


def windows_at(earlier: Earlier, panes: list[Pane], time_ms: int, threshold: float) -> Windows:
    """Compute the windows of a payment at `time_ms`; `threshold` is in base currency."""
    before_day = bisect_right(earlier.events, time_ms - DAY_MS, key=event_time)
    older, day = earlier.events[:before_day], earlier.events[before_day:]
    windows = Windows(session_start_ms=time_ms)
    if day:
        _last_hour(windows, day, time_ms, threshold * 100)
        _last_day(windows, day)
        _distinct(windows, earlier, before_day)
        _session(windows, day)
    _long(windows, older, panes, time_ms)
    return windows


def _last_hour(windows: Windows, day: list[Event], time_ms: int, threshold: float) -> None:
    for event in reversed(day):
        age, cents = time_ms - event.time_ms, event.cents
        if age >= HOUR_MS:
            break
        windows.count_1h += 1
        windows.cents_1h += cents
        windows.under_1h += cents < threshold
        windows.just_under_1h += threshold * JUST_UNDER_SHARE <= cents < threshold
        if age < 10 * MINUTE_MS:
            windows.count_10m += 1
            windows.tiny_10m += cents <= threshold * TINY_SHARE
            windows.count_30s += age < 30 * SECOND_MS


def _last_day(windows: Windows, day: list[Event]) -> None:
    windows.count_24h = len(day)
    windows.cents_24h = sum([event.cents for event in day])
    windows.ratio_24h = max([event.ratio for event in day if event.ratio is not None], default=None)


def _distinct(windows: Windows, earlier: Earlier, before_day: int) -> None:
    windows.devices_24h = _names(earlier.devices, before_day)
    windows.merchants_24h = _names(earlier.merchants, before_day)
    windows.countries_24h = _names(earlier.countries, before_day)
    windows.ips_24h = _names(earlier.ips, before_day)
    windows.cards_24h = _names(earlier.cards, before_day)


def _names(column: list[str | None], before_day: int) -> int:
    names = set(column[before_day:])
    return len(names) - (None in names)


def _session(windows: Windows, day: list[Event]) -> None:
    for event in reversed(day):
        if windows.session_start_ms - event.time_ms > SESSION_GAP_MS:
            break
        windows.session_count += 1
        windows.session_cents += event.cents
        windows.session_start_ms = event.time_ms


def _long(windows: Windows, older: list[Event], panes: list[Pane], time_ms: int) -> None:
    """Add to the last day the older exact payments, which are younger than a week, and the compacted ones."""
    first_of_week = (time_ms - WEEK_MS + PANE_MS // 2) // PANE_MS
    first_of_month = (time_ms - MONTH_MS + PANE_MS // 2) // PANE_MS
    count, cents = windows.count_24h + len(older), windows.cents_24h + sum([event.cents for event in older])
    ratios = [event.ratio for event in older if event.ratio is not None]
    if windows.ratio_24h is not None:
        ratios.append(windows.ratio_24h)
    windows.count_30d = count + sum([pane.count for pane in panes if pane.index >= first_of_month])
    for pane in reversed(panes):
        if pane.index < first_of_week:
            break
        count += pane.count
        cents += pane.cents
        if pane.ratio is not None:
            ratios.append(pane.ratio)
    windows.count_7d, windows.cents_7d, windows.ratio_7d = count, cents, max(ratios, default=None)
