"""Windows. In the picture, `*` is the scored payment and `x` are earlier ones.

    24 h          1 h    10 min
x    |  x    x     | x     |  x  *
"""

from math import expm1, isnan

import pytest

from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS
from tests.detecting import User, panes


def counts(user, at_ms=0):
    windows = user.facts(at_ms)
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
    windows = user.facts()
    assert (windows.tiny_10m, windows.under_1h, windows.just_under_1h) == (2, 5, 2)


@pytest.mark.parametrize(("window", "seconds"), [("20s", 20), ("30s", 30), ("10m", 600), ("1h", 3600), ("24h", 86400)])
def test_counts_and_sums_are_of_the_same_payments(window, seconds):
    for ago, count in ((seconds * 1000 - 1, 1), (seconds * 1000, 0)):
        user = User()
        user.pay(8.0, at_ms=-ago)
        features = user.pay().features
        assert expm1(features[f"count_{window}"]) == pytest.approx(count)
        assert expm1(features[f"amount_{window}"]) == pytest.approx(8.0 * count)


def test_sums_of_days_include_the_compacted_payments():
    user = User()
    for days in (40, 20, 5):
        user.pay(float(days), at_ms=-days * DAY_MS)
    features = user.pay().features
    assert [expm1(features[f"amount_{window}"]) for window in ("24h", "7d", "30d")] == pytest.approx([0, 5, 25])


def test_today_begins_at_midnight():
    """NOON_MS is a quarter past three in the afternoon, UTC."""
    user, midnight = User(), NOON_MS % DAY_MS
    for ago in (midnight + 1, midnight, HOUR_MS):
        user.pay(5.0, at_ms=-ago)
    features = user.pay(7.0).features
    assert (round(expm1(features["count_today"])), round(expm1(features["amount_today"]))) == (2, 10)
    assert user.pay(at_ms=DAY_MS).features["count_today"] == 0


def test_the_highest_ratio_of_a_day_leaves_out_older_and_first_payments():
    user = User()
    user.pay(at_ms=-3 * DAY_MS)
    user.pay(62.0, at_ms=-2 * DAY_MS)
    assert isnan(user.facts().ratio_24h)
    user.pay(at_ms=-HOUR_MS)
    assert user.facts().ratio_24h < 0 < user.facts().ratio_7d


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
    assert len(panes(user.state)) <= 33


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


@pytest.mark.parametrize("hour", [1, 9, 13, 23])
def test_payments_that_were_compacted_early_count_at_every_hour(hour):
    """Their pane is today's, whose middle may be later than the payment."""
    user, midnight = User(max_recent_events=16), -(NOON_MS % DAY_MS)
    for minute in range(40):
        user.pay(at_ms=midnight + hour * HOUR_MS + minute * MINUTE_MS)
    facts = user.facts(midnight + hour * HOUR_MS + 45 * MINUTE_MS)
    assert (facts.count_24h, facts.count_7d, facts.count_30d, facts.amount_30d) == (16, 40, 40, 800)
