"""Sliding windows and the session of one payment, over the payments before it.

10 min, 1 h, 24 h    exact: (time - window, time]
7 d, 30 d            exact for what is not folded yet, panes of 12 h beyond; a pane counts when its middle is inside,
                     so a window's edge is off by at most 6 h
session              the payments before it with no gap above 30 min, at most 24 h
"""

from msgspec import Struct

from detector.habits import DAY_MS
from detector.history import PANE_MS
from detector.state import Pane, UserState

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
WEEK_MS = 7 * DAY_MS
MONTH_MS = 30 * DAY_MS
SESSION_GAP_MS = 30 * MINUTE_MS
TINY_SHARE = 0.1
JUST_UNDER_SHARE = 0.5


class Windows(Struct, gc=False):
    """Counts and sums (in hundredths of the base currency) before a payment; itself is not counted.

    `tiny_10m` counts amounts up to a tenth of the threshold above which a customer must prove who they are,
    `under_1h` those below the threshold and `just_under_1h` those from half of it. `ratio_7d` is the highest
    amount ratio, `session_start_ms` the time of the session's first payment.
    """

    count_10m: int = 0
    tiny_10m: int = 0
    count_1h: int = 0
    under_1h: int = 0
    just_under_1h: int = 0
    cents_1h: float = 0.0
    count_24h: int = 0
    cents_24h: float = 0.0
    devices_24h: int = 0
    merchants_24h: int = 0
    count_7d: int = 0
    cents_7d: float = 0.0
    ratio_7d: float | None = None
    count_30d: int = 0
    session_count: int = 0
    session_cents: float = 0.0
    session_start_ms: int = 0


def windows_at(state: UserState, time_ms: int, threshold: float) -> Windows:
    """The windows of a payment at `time_ms`; `threshold` in base currency."""
    windows = Windows(session_start_ms=time_ms)
    _exact(windows, state, time_ms, threshold * 100)
    _paned(windows, state.panes, time_ms)
    return windows


def _exact(windows: Windows, state: UserState, time_ms: int, threshold: float) -> None:  # noqa: C901 one hot pass
    """One pass from the latest payment back, over all that is kept exactly."""
    in_session, devices, merchants = True, set(), set()
    for event in reversed(state.recent):
        age = time_ms - event.time_ms
        if age < 0:
            continue
        cents = event.cents
        if age >= WEEK_MS:
            windows.count_30d += age < MONTH_MS
            continue
        windows.count_7d += 1
        windows.cents_7d += cents
        if event.ratio is not None and (windows.ratio_7d is None or event.ratio > windows.ratio_7d):
            windows.ratio_7d = event.ratio
        if age >= DAY_MS:
            continue
        windows.count_24h += 1
        windows.cents_24h += cents
        devices.add(event.device_id)
        merchants.add(event.merchant_id)
        if in_session and windows.session_start_ms - event.time_ms <= SESSION_GAP_MS:
            windows.session_count += 1
            windows.session_cents += cents
            windows.session_start_ms = event.time_ms
        else:
            in_session = False
        if age < HOUR_MS:
            _last_hour(windows, age, cents, threshold)
    windows.devices_24h = len(devices - {None})
    windows.merchants_24h = len(merchants - {None})


def _last_hour(windows: Windows, age_ms: int, cents: float, threshold: float) -> None:
    windows.count_1h += 1
    windows.cents_1h += cents
    if cents < threshold:
        windows.under_1h += 1
        windows.just_under_1h += cents >= threshold * JUST_UNDER_SHARE
    if age_ms < 10 * MINUTE_MS:
        windows.count_10m += 1
        windows.tiny_10m += cents <= threshold * TINY_SHARE


def _paned(windows: Windows, panes: list[Pane], time_ms: int) -> None:
    """Add the folded payments to the long windows."""
    week, month = (time_ms - WEEK_MS - PANE_MS // 2) // PANE_MS, (time_ms - MONTH_MS - PANE_MS // 2) // PANE_MS
    count_30d = windows.count_30d + windows.count_7d
    for pane in panes:
        index = pane.index
        if index > month:
            count_30d += pane.count
        if index > week:
            windows.count_7d += pane.count
            windows.cents_7d += pane.cents
            if pane.ratio is not None and (windows.ratio_7d is None or pane.ratio > windows.ratio_7d):
                windows.ratio_7d = pane.ratio
    windows.count_30d = count_30d
