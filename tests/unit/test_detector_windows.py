"""Windows. In the picture, `*` is the scored payment and `x` are earlier ones.

    24 h          1 h    10 min
x    |  x    x     | x     |  x  *
"""

from math import expm1

import pytest

from detector.windows import windows_at
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS
from tests.detecting import User


def counts(user, at_ms=0):
    windows = windows_at(user.state, NOON_MS + at_ms, 30.0)
    return windows.count_10m, windows.count_1h, windows.count_24h, windows.count_7d, windows.count_30d


def test_a_payment_does_not_count_itself():
    assert User().pay().features["count_10m"] == 0


def test_each_window_counts_the_payments_inside_it():
    user = User()
    for ago in (20 * DAY_MS, 3 * DAY_MS, 5 * HOUR_MS, 30 * MINUTE_MS, 5 * MINUTE_MS):
        user.pay(at_ms=-ago)
    assert counts(user) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(("window_ms", "place"), [(10 * MINUTE_MS, 0), (HOUR_MS, 1), (DAY_MS, 2)])
def test_a_window_is_open_at_its_far_end(window_ms, place):
    user = User()
    user.pay(at_ms=-window_ms)
    assert (counts(user)[place], counts(user, -1)[place]) == (0, 1)


def test_sums_are_in_the_base_currency():
    user = User()
    user.pay(10.10, at_ms=-MINUTE_MS)
    user.pay(117.0, at_ms=-MINUTE_MS, currency="USD")
    assert expm1(user.pay().features["amount_1h"]) == pytest.approx(110.10)


def test_payments_below_the_threshold_are_counted():
    user = User(otp_threshold=30)
    for amount in (2.0, 3.0, 14.0, 15.0, 29.99, 30.0):
        user.pay(amount, at_ms=-MINUTE_MS)
    windows = windows_at(user.state, NOON_MS, 30.0)
    assert (windows.tiny_10m, windows.under_1h, windows.just_under_1h) == (2, 5, 2)


def test_distinct_devices_and_merchants_leave_out_the_missing_ones():
    user = User()
    for device, merchant in (("d1", "m1"), ("d2", None), (None, "m1")):
        user.pay(at_ms=-MINUTE_MS, device_id=device, merchant_id=merchant)
    windows = windows_at(user.state, NOON_MS, 30.0)
    assert (windows.devices_24h, windows.merchants_24h) == (2, 1)


def test_a_session_ends_at_a_pause_of_more_than_30_minutes():
    user = User()
    for ago in (91, 60, 30):
        user.pay(5.0, at_ms=-ago * MINUTE_MS)
    features = user.pay().features
    assert expm1(features["session_count"]) == pytest.approx(2)
    assert expm1(features["session_amount"]) == pytest.approx(10)
    assert expm1(features["session_duration"]) == pytest.approx(3600)


def test_the_far_edge_of_a_paned_window_is_off_by_at_most_half_a_pane():
    user = User()
    for hours in range(40 * 24, 0, -1):
        user.pay(at_ms=-hours * HOUR_MS)
    _, _, day, week, month = counts(user)
    assert day == 23
    assert abs(week - (7 * 24 - 1)) <= 12
    assert abs(month - (30 * 24 - 1)) <= 12


def test_panes_older_than_the_longest_window_are_forgotten():
    user = User()
    for day in range(100):
        user.pay(at_ms=day * DAY_MS)
    assert len(user.state.panes) <= 33


def test_too_many_payments_are_compacted_early_and_the_score_says_so():
    user = User(max_recent_events=16)
    scored = [user.pay(at_ms=second * 1000) for second in range(20)]
    assert "window_truncated" not in scored[16].flags
    assert "window_truncated" in scored[17].flags
    assert counts(user, at_ms=20_000)[3] == 20


def test_a_day_later_windows_are_whole_again():
    user = User(max_recent_events=16)
    for second in range(20):
        user.pay(at_ms=second * 1000)
    assert "window_truncated" not in user.pay(at_ms=2 * DAY_MS).flags
