"""Distinct names in windows. Each payment is shown by its age; a letter is the name that it carries."""

from math import expm1

import pytest

from detector.state import MAX_KNOWN
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from tests.detecting import User
from weir.feature_schema import DISTINCT, WINDOWS

FIELDS = {"merchants": "merchant_id", "devices": "device_id", "ips": "ip", "cards": "card_id", "countries": "country"}
AGES_MS = [20 * SECOND_MS, 30 * SECOND_MS, 10 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS]


def distinct(user, names="merchants", at_ms=0):
    features = user.pay(at_ms=at_ms, **{FIELDS[names]: None}).features
    return [round(expm1(features[f"{names}_{window}"])) for window in WINDOWS]


@pytest.fixture
def user():
    return User()


@pytest.mark.parametrize("names", DISTINCT)
def test_each_window_counts_the_names_inside_it_once(user, names):
    for days, name in ((40, "AT"), (20, "BE"), (20, "CH"), (6, "BE"), (6, "DE")):
        user.pay(at_ms=-days * DAY_MS, **{FIELDS[names]: name})
    for ago_ms, name in ((5 * HOUR_MS, "ES"), (50 * MINUTE_MS, "FR"), (25 * SECOND_MS, "GB"), (15 * SECOND_MS, "GB")):
        user.pay(at_ms=-ago_ms, **{FIELDS[names]: name})
    assert distinct(user, names) == [1, 1, 1, 2, 3, 5, 6]


@pytest.mark.parametrize(("window", "age_ms"), list(enumerate(AGES_MS)))
def test_a_window_is_open_at_its_far_end(window, age_ms):
    for ago_ms, count in ((age_ms - 1, 1), (age_ms, 0)):
        user = User()
        user.pay(at_ms=-ago_ms, merchant_id="m1")
        assert distinct(user)[window] == count


def test_a_name_that_comes_again_moves_to_its_latest_use(user):
    user.pay(at_ms=-10 * DAY_MS, merchant_id="m1")
    assert distinct(user) == [0, 0, 0, 0, 0, 0, 1]
    user.pay(at_ms=-5 * DAY_MS, merchant_id="m1")
    user.pay(at_ms=-MINUTE_MS, merchant_id="m1")
    assert distinct(user) == [0, 0, 1, 1, 1, 1, 1]


def test_payments_without_a_name_count_none(user):
    user.pay(at_ms=-MINUTE_MS, merchant_id=None)
    assert distinct(user) == [0] * len(WINDOWS)


def test_a_payment_out_of_order_knows_only_what_came_before_it(user):
    user.pay(at_ms=-20 * MINUTE_MS, merchant_id="m1")
    user.pay(at_ms=0, merchant_id="m2")
    user.pay(at_ms=0, merchant_id="m1")
    assert distinct(user, at_ms=-5 * MINUTE_MS) == [0, 0, 0, 1, 1, 1, 1]


def test_of_the_compacted_names_the_last_used_are_counted(user):
    for nth in range(MAX_KNOWN + 5):
        user.pay(at_ms=-3 * DAY_MS + nth, merchant_id=f"m{nth}")
    user.pay(at_ms=-HOUR_MS, merchant_id="m0")
    assert distinct(user)[-2:] == [MAX_KNOWN + 1, MAX_KNOWN + 1]


def test_a_late_payment_counts_nothing_from_its_future(user):
    for nth in range(10):
        user.pay(at_ms=-2 * DAY_MS + nth, merchant_id=f"m{nth}")
    user.pay(at_ms=0, merchant_id="m0")
    features = user.pay(at_ms=-40 * DAY_MS, merchant_id=None).features
    for window in WINDOWS:
        assert (features[f"merchants_{window}"], features[f"count_{window}"], features[f"amount_{window}"]) == (0, 0, 0)


def test_names_that_were_compacted_early_are_known_within_the_day():
    user = User(max_recent_events=16)
    for nth in range(20, 0, -1):
        user.pay(at_ms=-nth * 28 * SECOND_MS, merchant_id=f"m{nth}")
    assert distinct(user) == [0, 1, 20, 20, 20, 20, 20]


def test_a_payment_that_comes_again_has_the_same_counts(user):
    for nth in range(3):
        user.pay(at_ms=nth * MINUTE_MS, transaction_id=f"t{nth}", merchant_id=f"m{nth}")
    again = user.pay(at_ms=MINUTE_MS, transaction_id="t1", merchant_id="m1")
    assert "duplicate" in again.flags
    assert round(expm1(again.features["merchants_1h"])) == 1
