from math import exp, expm1, log

import pytest

from detector.feature_catalogue import FEATURES
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, SECOND_MS
from tests.detecting import User
from weir.messages import Reputation

PARIS = {"latitude": 48.8566, "longitude": 2.3522, "country": "FR"}
LONDON = {"latitude": 51.5074, "longitude": -0.1278, "country": "GB"}


def a_reputation(**fields):
    defaults = {"merchant_id": "m1", "epoch": 1, "n": 9, "known_frauds": 0, "known_legitimate": 9, "fraud_rate": 0.01}
    return Reputation(**{**defaults, **fields})


def test_feature_names_are_unique():
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


def test_every_feature_has_its_words():
    user = User()
    user.reputation["m1", True] = a_reputation(known_frauds=1, fraud_run=1, last_fraud_ms=NOON_MS - DAY_MS)
    payment = {"merchant_id": "m1", "merchant_category": "food", "device_id": "d1", **PARIS}
    user.pay_daily(8, **payment)
    features = user.pay(**payment).features
    assert set(features) == {feature.name for feature in FEATURES}


def test_the_first_payment_has_nothing_to_be_compared_with():
    features = User().pay(merchant_id="m1", device_id="d1", **PARIS).features
    compared = {
        "amount_ratio",
        "amount_z",
        "seconds_since_last",
        "distance_km",
        "device_new",
        "merchant_new",
        "country_new",
    }
    assert not compared & set(features)
    assert features["history_cold"] == 1


def test_missing_fields_have_features_and_those_that_need_them_are_absent():
    user = User()
    user.pay_daily(6, merchant_id="m1", device_id="d1", **PARIS)
    features = user.pay().features
    assert [features[f"{group}_missing"] for group in ("location", "device", "merchant")] == [1, 1, 1]
    assert not {"distance_km", "device_new", "merchant_new", "merchant_fraud_rate"} & set(features)


def test_amount_is_compared_with_the_habit():
    user = User()
    user.pay_daily(10, amount=20.0)
    assert exp(user.pay(104.0).features["amount_ratio"]) == pytest.approx(5)


def test_one_huge_payment_does_not_become_the_habit():
    user = User()
    user.pay_daily(10, amount=20.0)
    user.pay(5000.0)
    assert user.state.habits.amount < 25


def test_the_largest_ratio_of_a_week_is_remembered():
    user = User()
    user.pay_daily(10, amount=20.0)
    user.pay(104.0)
    week_maximum = [user.pay(at_ms=days * DAY_MS).features["max_amount_ratio_7d"] for days in (1, 6, 8)]
    assert week_maximum[:2] == [pytest.approx(log(5))] * 2
    assert week_maximum[2] < log(1.1)


def test_z_score_is_bounded():
    user = User()
    user.pay_daily(10, amount=20.0)
    assert user.pay(1e9).features["amount_z"] == 8


def test_distance_and_speed_from_the_payment_before():
    user = User()
    user.pay(at_ms=-2 * HOUR_MS, **PARIS)
    features = user.pay(**LONDON).features
    assert expm1(features["distance_km"]) == pytest.approx(344, abs=1)
    assert expm1(features["speed_kmh"]) == pytest.approx(172, abs=1)


def test_payments_without_a_position_do_not_hide_the_last_known_one():
    user = User()
    user.pay(at_ms=-2 * HOUR_MS, **PARIS)
    user.pay(at_ms=-HOUR_MS)
    assert expm1(user.pay(**LONDON).features["speed_kmh"]) == pytest.approx(172, abs=1)


def test_home_is_where_the_user_usually_pays():
    user = User()
    user.pay_daily(20, **PARIS)
    user.pay(**LONDON)
    features = user.pay(at_ms=HOUR_MS, **PARIS).features
    assert expm1(features["home_distance_km"]) < 20


def test_home_near_the_date_line_does_not_move_to_the_other_side_of_the_earth():
    user = User()
    for day in range(20):
        user.pay(at_ms=day * DAY_MS, latitude=-17.0, longitude=179.9 if day % 2 else -179.9)
    assert abs(user.state.habits.home_longitude) > 179


@pytest.mark.parametrize("days_before", [1, 20])
def test_known_things_are_known_before_and_after_they_are_compacted(days_before):
    user = User()
    user.pay(at_ms=-days_before * DAY_MS, merchant_id="m1", merchant_category="food", device_id="d1", country="FR")
    same = {"merchant_id": "m1", "merchant_category": "food", "device_id": "d1", "country": "FR"}
    features = user.pay(**same).features
    assert [features[name] for name in ("merchant_new", "category_new", "device_new", "country_new")] == [0, 0, 0, 0]
    assert expm1(features["device_age_days"]) == pytest.approx(days_before)


def test_new_things_are_new():
    user = User()
    user.pay(at_ms=-DAY_MS, merchant_id="m1", merchant_category="food", device_id="d1", country="FR")
    features = user.pay(merchant_id="m2", merchant_category="toys", device_id="d2", country="GB").features
    assert [features[name] for name in ("merchant_new", "category_new", "device_new", "country_new")] == [1, 1, 1, 1]
    assert "device_age_days" not in features


def test_a_merchant_without_labels_is_neither_good_nor_bad():
    features = User().pay(merchant_id="m1").features
    reputation = ("merchant_fraud_rate", "merchant_fraud_run", "merchant_known_frauds")
    assert [features[name] for name in reputation] == [0, 0, 0]
    assert "merchant_fraud_age_days" not in features


def test_a_merchants_reputation_becomes_features():
    user = User()
    user.reputation["m1", False] = a_reputation(
        fraud_rate=0.5, known_frauds=3, fraud_run=2, last_fraud_ms=NOON_MS - 2 * DAY_MS
    )
    features = user.pay(merchant_id="m1").features
    assert features["merchant_fraud_rate"] == pytest.approx(log(99))
    assert [round(expm1(features[name])) for name in ("merchant_known_frauds", "merchant_fraud_run")] == [3, 2]
    assert expm1(features["merchant_fraud_age_days"]) == pytest.approx(2)
    assert features["merchant_fraud_share"] == pytest.approx(3 / 13)


@pytest.mark.parametrize(("used_since_ms", "frauds"), [(-DAY_MS, 2), (-DAY_MS + 1, 7)])
def test_a_payment_from_a_device_used_for_a_day_is_compared_with_those_from_customers_own(used_since_ms, frauds):
    user = User()
    user.reputation["m1", True] = a_reputation(own_device=True, known_frauds=2)
    user.reputation["m1", False] = a_reputation(known_frauds=7)
    user.pay(at_ms=used_since_ms, device_id="d1")
    features = user.pay(merchant_id="m1", device_id="d1").features
    assert features["device_own"] == float(frauds == 2)
    assert expm1(features["merchant_known_frauds"]) == pytest.approx(frauds)


def test_a_confirmed_device_is_the_customers_own_at_once():
    user = User()
    user.pay(at_ms=-DAY_MS, device_id="d1")
    user.tell("device_confirmed", device_id="d2", at_ms=-HOUR_MS)
    assert user.pay(device_id="d2").features["device_own"] == 1
    assert user.pay(device_id="d3").features["device_own"] == 0


def test_device_own_is_absent_without_a_device():
    assert "device_own" not in User().pay().features


def test_an_hour_that_the_user_never_pays_at_is_unusual():
    user = User()
    user.pay_daily(10)
    usual, unusual = user.pay().features, user.pay(at_ms=12 * HOUR_MS).features
    assert usual["hour_unusual"] == pytest.approx(0, abs=1e-9)
    assert unusual["hour_unusual"] == pytest.approx(2, abs=0.2)


def test_night_is_before_six():
    midnight = NOON_MS // DAY_MS * DAY_MS
    nights = [User().pay(event_time=midnight + hour * HOUR_MS).features["night"] for hour in (0, 5, 6, 23)]
    assert nights == [1, 1, 0, 0]


def test_pace_is_compared_with_the_users_own():
    user = User()
    user.pay_daily(40)
    for n in range(9):
        user.pay(at_ms=-(9 - n) * MINUTE_MS)
    assert exp(user.pay().features["pace_ratio"]) == pytest.approx(10 / 2.3, rel=0.1)


def test_time_since_the_payment_before():
    user = User()
    user.pay(at_ms=-90 * SECOND_MS)
    assert expm1(user.pay().features["seconds_since_last"]) == pytest.approx(90)
