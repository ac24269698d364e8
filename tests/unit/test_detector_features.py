from datetime import UTC, datetime, timedelta, timezone
from math import exp, expm1, log

import pytest

from detector.feature_catalogue import FEATURES
from detector.features import BY_NAME, feature
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, SECOND_MS
from tests.detecting import User, habits
from weir import feature_schema
from weir.bins import CODES
from weir.feature_schema import CODE_SLOTS, NUMBER_SLOTS
from weir.messages import DecayedCounts

PARIS = {"latitude": 48.8566, "longitude": 2.3522, "country": "FR"}
LONDON = {"latitude": 51.5074, "longitude": -0.1278, "country": "GB"}


NAMED = {
    "merchant_id": "m1",
    "merchant_category": "food",
    "device_id": "d1",
    "ip": "10.1.2.3",
    "card_id": "c1",
    "channel": "pos",
    "type": "purchase",
    "attributes": {"n1": 1.0, "n2": 2.0, "n3": 3.0, "n4": 4.0, "c1": "a", "c2": "b", "c3": "c", "c4": "d"},
    **PARIS,
}
DECLARED = {"numeric_attributes": ("n1", "n2", "n3", "n4"), "categorical_attributes": ("c1", "c2", "c3", "c4")}
KNOWN = {
    "known_frauds": 3,
    "fraud_run": 2,
    "run_since_ms": NOON_MS - 3 * DAY_MS,
    "last_fraud_ms": NOON_MS - 2 * DAY_MS,
    "last_legitimate_ms": NOON_MS - 5 * DAY_MS,
    "unexplained_frauds": 1.25,
    "decayed": DecayedCounts(NOON_MS - DAY_MS, 0.02, 1.5, 2.0, 2.5, 3.0, 6.0, 9.0),
}
ENTITIES = {"merchant": "m1", "device": "d1", "ip": "10.1.2.3", "card": "c1"}
THINGS = ("merchant", "category", "device", "country", "ip", "card")
AT_ONCE = ("fraud_run", "unexplained_frauds", "fraud_odds_3d", "fraud_odds_10d", "fraud_odds_30d")
AGES = ("run_days", "legitimate_days", "fraud_age_days")


def of(entity, features):
    """The features of an entity's known frauds, by the ends of their names."""
    return {name: features[f"{entity}_{name}"] for name in (*AT_ONCE, *AGES) if f"{entity}_{name}" in features}


def a_user_with_everything():
    user = User(**DECLARED)
    for entity, entity_id in ENTITIES.items():
        user.know(entity=entity, entity_id=entity_id, own_device=entity == "merchant", **KNOWN)
    user.pay_daily(8, **NAMED)
    user.pay(at_ms=-HOUR_MS, **NAMED)
    return user


def test_every_row_of_the_schema_has_a_function_and_the_order_is_the_schemas():
    rows = [(feature.name, feature.group, feature.kind) for feature in FEATURES]
    assert rows == [(row.name, row.group, row.kind) for row in feature_schema.FEATURES]
    assert len(BY_NAME) == len(FEATURES)


def test_a_function_without_a_row_cannot_be_a_feature():
    with pytest.raises(KeyError, match="unheard_of"):

        @feature("0 or 1", lambda _, v: f"{v}")
        def unheard_of(facts):
            return facts.amount


def test_every_feature_has_a_value_in_the_schemas_order():
    features = a_user_with_everything().pay(**NAMED).features
    assert list(features) == [feature.name for feature in FEATURES]


def test_every_value_has_its_words():
    moment, values = a_user_with_everything().look(**NAMED)
    texts = {feature.name: feature.words(moment, values[feature.name]) for feature in FEATURES}
    assert texts["spend_ratio_24h"] == (
        "40.00 EUR within 24 hours, this payment included; 42.22 would match this customer's pace"
    )
    assert texts["week_pace_ratio"] == "7 payments in the previous 7 days, against 7.78 at this customer's pace"
    assert texts["countries_24h"] == "1 country in the previous 24 hours"
    assert texts["merchant_fraud_run"] == (
        "2 frauds in a row among the latest known payments of this merchant from customers' own devices"
    )
    assert texts["ip_fraud_age_days"] == "The last known fraud of this IP address was 2 days earlier"
    assert all(text[0].isalnum() and "None" not in text and "nan" not in text for text in texts.values())


def test_words_name_large_sums_to_the_cent():
    """A 32-bit logarithm, as messages carry it, does not hold the cents of a hundred thousand."""
    user = User()
    for nth in range(3, 0, -1):
        user.pay(100_000.07, at_ms=-nth * 10 * MINUTE_MS)
    moment, values = user.look(amount=20.01)
    words = {
        feature.name: feature.words(moment, values[feature.name]) for feature in FEATURES if feature.name in values
    }
    for name in ("amount_1h", "amount_24h", "amount_7d", "amount_30d", "session_amount"):
        assert words[name].startswith("300000.21 EUR")
    for name in ("amount_20s", "amount_30s"):
        assert words[name].startswith("0.00 EUR")
    for name in ("spend_ratio_1h", "spend_ratio_24h", "week_spend_ratio"):
        assert words[name].startswith("300020.22 EUR")


def test_without_optional_fields_only_what_needs_none_of_them_is_computed():
    user = User()
    user.pay_daily(6)
    user.pay(at_ms=-HOUR_MS)
    absent = {feature.name for feature in FEATURES} - set(user.pay().features)
    needs = {"category_amount_ratio", "country_code", "category_code", "channel_code", "type_code"}
    needs |= {f"{entity}_{name}" for entity in ENTITIES for name in (*AT_ONCE, *AGES)}
    needs |= {f"{name}_new" for name in ("country", "device", "ip", "card", "merchant", "category")}
    needs |= {"distance_km", "speed_kmh", "home_distance_km", "device_own", "device_age_days"}
    needs |= {*NUMBER_SLOTS, *CODE_SLOTS}
    assert absent == needs | {"merchant_fraud_rate", "merchant_fraud_share", "merchant_known_frauds"}


def test_the_first_payment_has_nothing_to_be_compared_with():
    features = User().pay(**NAMED).features
    compared = {
        "amount_z",
        "seconds_since_last",
        "distance_km",
        "device_new",
        "merchant_new",
        "country_new",
        "ip_new",
        "card_new",
        *[name for name in BY_NAME if "_ratio" in name],
    }
    assert not compared & set(features)
    assert (features["history_cold"], features["payments_known"]) == (1, 0)


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
    assert habits(user.state).amount < 25


def test_the_largest_ratio_of_a_week_is_remembered():
    user = User()
    user.pay_daily(10, amount=20.0)
    user.pay(104.0)
    week_maximum = [user.pay(at_ms=days * DAY_MS).features["max_amount_ratio_7d"] for days in (1, 6, 8)]
    assert week_maximum[:2] == [pytest.approx(log(5))] * 2
    assert week_maximum[2] < log(1.1)


def test_the_largest_ratio_of_a_day_is_remembered_for_a_day():
    user = User()
    user.pay_daily(10, amount=20.0)
    user.pay(104.0)
    found = [user.pay(at_ms=at_ms).features["max_amount_ratio_24h"] for at_ms in (HOUR_MS, DAY_MS)]
    assert found[0] == pytest.approx(log(5))
    assert found[1] < log(1.1)


@pytest.mark.parametrize("days_ago", [1, 20])
def test_an_amount_is_compared_with_the_habit_in_its_category(days_ago):
    user = User()
    for category, amount in (("food", 9.0), ("food", 99.0), ("games", 500.0), (None, 500.0)):
        user.pay(amount, at_ms=-days_ago * DAY_MS, merchant_category=category)
    usual = 9 + (2.5 * 9 + 1 - 9) / 2  # 99 counts as at most 2.5 times the mean and one more
    features = user.pay(33.0, merchant_category="food").features
    assert exp(features["category_amount_ratio"]) == pytest.approx(34 / (usual + 1))
    assert "category_amount_ratio" not in user.pay(33.0, merchant_category="toys").features


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
    assert abs(habits(user.state).home_longitude) > 179


@pytest.mark.parametrize("days_before", [1, 20])
def test_known_things_are_known_before_and_after_they_are_compacted(days_before):
    user = User()
    user.pay(at_ms=-days_before * DAY_MS, **NAMED)
    features = user.pay(**NAMED).features
    assert [features[f"{name}_new"] for name in THINGS] == [0] * len(THINGS)
    assert expm1(features["device_age_days"]) == pytest.approx(days_before)


def test_new_things_are_new():
    user = User()
    user.pay(at_ms=-DAY_MS, **NAMED)
    others = {"merchant_id": "m2", "merchant_category": "toys", "device_id": "d2", "ip": "10.0.0.1", "card_id": "c2"}
    features = user.pay(**others, country="GB").features
    assert [features[f"{name}_new"] for name in THINGS] == [1] * len(THINGS)
    assert "device_age_days" not in features


@pytest.mark.parametrize("entity", ENTITIES)
def test_without_a_record_there_is_no_known_fraud(entity):
    features = User().pay(**NAMED).features
    assert of(entity, features) == dict.fromkeys(AT_ONCE, 0.0)


@pytest.mark.parametrize(("entity", "field"), [("device", "device_id"), ("ip", "ip"), ("card", "card_id")])
def test_a_record_of_an_entity_becomes_features(entity, field):
    user = User()
    user.know(entity=entity, entity_id="x", **KNOWN)
    found = of(entity, user.pay(**{field: "x"}).features)
    assert [expm1(found[name]) for name in ("fraud_run", *AGES)] == pytest.approx([2, 3, 5, 2])
    assert found["unexplained_frauds"] == 1.25
    assert of(entity, user.pay(**{field: "another"}).features) == dict.fromkeys(AT_ONCE, 0.0)


@pytest.mark.parametrize(("tau_days", "frauds", "payments"), [(3, 1.5, 3.0), (10, 2.0, 6.0), (30, 2.5, 9.0)])
@pytest.mark.parametrize(("days_later", "faded_days"), [(-2, 0), (4, 5)])
def test_odds_fade_until_the_payment(tau_days, frauds, payments, days_later, faded_days):
    user, faded = User(), exp(-faded_days / tau_days)
    user.know(**KNOWN)
    found = user.pay(merchant_id="m1", at_ms=days_later * DAY_MS).features[f"merchant_fraud_odds_{tau_days}d"]
    assert found == pytest.approx(log((frauds * faded + 2 * 0.02) / (payments * faded + 2) / 0.02))


def test_a_run_that_has_ended_has_no_times_but_the_last_fraud_has_one():
    user = User()
    user.know(**{**KNOWN, "fraud_run": 0, "run_since_ms": None, "unexplained_frauds": 0.0})
    found = of("merchant", user.pay(merchant_id="m1").features)
    assert set(AGES) & set(found) == {"fraud_age_days"}
    assert (found["fraud_run"], found["unexplained_frauds"]) == (0, 0)


def test_a_record_from_before_the_decayed_counts_has_no_odds():
    user = User()
    user.know(known_frauds=2, fraud_run=2, last_fraud_ms=NOON_MS - DAY_MS)
    found = of("merchant", user.pay(merchant_id="m1").features)
    assert set(found) == {"fraud_run", "unexplained_frauds", "fraud_age_days"}


def test_an_empty_address_is_no_address():
    user = User()
    user.know(entity="ip", entity_id="", **KNOWN)
    user.pay(at_ms=-HOUR_MS, ip="10.0.0.1")
    scored = user.pay(ip="")
    assert scored.ip is None
    assert "ip_new" not in scored.features
    assert of("ip", scored.features) == {}


def test_a_merchant_without_a_known_fraud_is_neither_good_nor_bad():
    features = User().pay(merchant_id="m1").features
    reputation = ("merchant_fraud_rate", "merchant_fraud_share", "merchant_known_frauds")
    assert [features[name] for name in reputation] == [0, 0, 0]


def test_a_merchants_reputation_becomes_features():
    user = User()
    user.know(fraud_rate=0.5, known_frauds=3)
    features = user.pay(merchant_id="m1").features
    assert features["merchant_fraud_rate"] == pytest.approx(log(99))
    assert expm1(features["merchant_known_frauds"]) == pytest.approx(3)
    assert features["merchant_fraud_share"] == pytest.approx(3 / 13)


@pytest.mark.parametrize(("used_since_ms", "frauds"), [(-DAY_MS, 2), (-DAY_MS + 1, 7)])
def test_a_payment_from_a_device_used_for_a_day_is_compared_with_those_from_customers_own(used_since_ms, frauds):
    user = User()
    user.know(own_device=True, known_frauds=2)
    user.know(known_frauds=7)
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


@pytest.mark.parametrize(("told", "hour", "night"), [("+05:30", 3, 1), ("-11:00", 11, 0), ("Z", 22, 0)])
def test_hour_and_night_are_those_of_the_customers_clock(told, hour, night):
    local = datetime.fromisoformat(f"2024-01-10T22:00:00{told}").tzinfo
    features = User().pay(event_time=datetime(2024, 1, 10, 22, tzinfo=UTC).astimezone(local)).features
    assert (features["hour"], features["night"]) == (hour, night)


def test_today_begins_at_the_customers_midnight():
    user, india = User(), timezone(timedelta(hours=5, minutes=30))
    times = [datetime(2024, 1, 10, 23, 50, tzinfo=india) + timedelta(minutes=minutes) for minutes in (0, 20, 40)]
    counts = [round(exp(user.pay(event_time=time).features["count_today"]) - 1) for time in times]
    assert counts == [0, 0, 1]


def test_words_give_the_time_on_the_customers_clock_beside_their_usual_hour_there():
    user, india = User(), timezone(timedelta(hours=5, minutes=30))
    user.pay(event_time=datetime(2024, 1, 10, 20, 0, tzinfo=india))
    moment, _ = user.look(event_time=datetime(2024, 1, 11, 3, 30, tzinfo=india))
    assert BY_NAME["night"].words(moment, 1.0) == "The time is 03:30 UTC+05:30; this customer usually pays around 20:00"


@pytest.mark.parametrize(("days", "hour"), [(1_158, 0), (4_000, 23), (20_000, 12)])
def test_the_hour_is_utc(days, hour):
    features = User().pay(event_time=days * DAY_MS + hour * HOUR_MS + 59 * MINUTE_MS).features
    assert features["hour"] == hour


def test_codes_are_stable_and_below_their_number():
    features = User().pay(country="FR", channel="pos", type="purchase", merchant_category="food").features
    codes = [features[f"{name}_code"] for name in ("country", "channel", "type", "category")]
    assert codes == [8, 12, 43, 31]
    assert max(codes) < CODES


def test_known_payments_are_counted():
    user = User()
    user.pay_daily(9)
    assert expm1(user.pay().features["payments_known"]) == pytest.approx(9)


def test_the_rate_and_the_spending_are_compared_with_the_users_own_since_the_first_payment():
    user = User()
    user.pay_daily(9, amount=10.0)
    user.pay(30.0, at_ms=-MINUTE_MS)
    usual, rate = habits(user.state).amount, 11 / (9 + 1)
    features = user.pay(50.0).features
    assert exp(features["pace_ratio_1h"]) == pytest.approx((1 + 1) / (rate / 24 + 1))
    assert exp(features["week_pace_ratio"]) == pytest.approx((features_count(features, "7d") + 1) / (rate * 7 + 1))
    assert exp(features["spend_ratio_1h"]) == pytest.approx((30 + 50 + 1) / (usual * (rate / 24 + 1) + 1))
    assert exp(features["spend_ratio_24h"]) == pytest.approx((30 + 50 + 1) / (usual * (rate + 1) + 1))
    spent = expm1(features["amount_7d"])
    assert exp(features["week_spend_ratio"]) == pytest.approx((spent + 50 + 1) / (usual * (rate * 7 + 1) + 1))


@pytest.mark.parametrize("days", [2, 4, 6])
def test_the_ratios_over_a_week_do_not_show_the_age_of_a_young_history(days):
    user = User()
    user.pay_daily(days, amount=10.0)
    features = user.pay(10.0).features
    assert exp(features["week_pace_ratio"]) == pytest.approx((days + 1) / (days + 2))
    assert exp(features["week_spend_ratio"]) == pytest.approx((10 * (days + 1) + 1) / (10 * (days + 2) + 1))


def test_the_month_is_counted():
    user = User()
    user.pay_daily(20)
    assert features_count(user.pay().features, "30d") == pytest.approx(20)


def features_count(features, window):
    return expm1(features[f"count_{window}"])


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


def test_a_country_is_the_same_by_either_code():
    user = User()
    user.pay(at_ms=-DAY_MS, country="GB")
    features = user.pay(country="UK").features
    assert (features["country_new"], features["country_code"]) == (0, user.pay(country="GB").features["country_code"])
    assert user.pay(country="FR").features["country_new"] == 1
