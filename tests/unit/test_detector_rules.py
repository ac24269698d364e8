import pytest

from detector.features import BY_NAME
from detector.rules import RULES
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS
from tests.detecting import User

PARIS = {"latitude": 48.8566, "longitude": 2.3522, "country": "FR"}
NEW_YORK = {"latitude": 40.7128, "longitude": -74.0060, "country": "US"}


def fired(scored):
    return [hit.rule for hit in scored.rules]


def test_rules_and_features_never_share_a_name():
    assert not {rule.name for rule in RULES} & set(BY_NAME)


def test_no_rule_asks_for_a_block():
    assert {rule.asks for rule in RULES} <= {"challenge", "review"}


def test_an_ordinary_payment_fires_nothing():
    user = User()
    user.pay_daily(10, merchant_id="m1", device_id="d1", **PARIS)
    scored = user.pay(merchant_id="m1", device_id="d1", **PARIS)
    assert (fired(scored), scored.decision) == ([], "approve")


def test_the_fourth_payment_just_under_the_threshold_is_challenged():
    user = User(otp_threshold=30)
    decisions = [user.pay(28.0, at_ms=minute * MINUTE_MS).decision for minute in range(4)]
    assert decisions == ["approve", "approve", "approve", "challenge"]


def test_payments_just_under_the_threshold_spread_over_a_day_are_nothing():
    user = User(otp_threshold=30)
    assert [fired(user.pay(28.0, at_ms=hour * HOUR_MS)) for hour in range(6)] == [[]] * 6


def test_travel_that_no_aeroplane_makes_goes_to_review():
    user = User()
    user.pay(at_ms=-HOUR_MS, **PARIS)
    scored = user.pay(**NEW_YORK)
    assert fired(scored) == ["impossible_travel"]
    assert scored.decision == "review"
    assert "5837 km" in scored.rules[0].text


def test_travel_in_a_day_is_possible():
    user = User()
    user.pay(at_ms=-DAY_MS, **PARIS)
    assert fired(user.pay(**NEW_YORK)) == []


@pytest.mark.parametrize(
    ("trip", "rules"),
    [
        ({"country": "US"}, []),
        ({}, []),
        ({"country": "JP"}, ["impossible_travel"]),
        ({"country": "US", "until_ms": NOON_MS - 1}, ["impossible_travel"]),
        ({"country": "US", "at_ms": 1}, ["impossible_travel"]),
    ],
)
def test_only_a_confirmed_trip_that_covers_the_payment_silences_travel(trip, rules):
    user = User()
    user.pay(at_ms=-HOUR_MS, **PARIS)
    user.tell("trip_confirmed", **{"at_ms": -2 * HOUR_MS, "device_id": None, **trip})
    assert fired(user.pay(**NEW_YORK)) == rules


def test_tiny_payments_in_a_row_are_card_testing():
    user = User(otp_threshold=30)
    for minute in range(3):
        assert fired(user.pay(1.0, at_ms=minute * MINUTE_MS)) == []
    assert fired(user.pay(1.0, at_ms=3 * MINUTE_MS)) == ["card_testing"]


def test_a_new_device_with_a_high_amount_is_challenged():
    user = User()
    user.pay_daily(3, device_id="d1")
    assert fired(user.pay(70.0, device_id="d2")) == ["new_device_high_amount"]


def test_a_confirmed_device_is_not_new():
    user = User()
    user.pay_daily(3, device_id="d1")
    user.tell("device_confirmed", at_ms=-HOUR_MS, device_id="d2")
    scored = user.pay(70.0, device_id="d2")
    assert (fired(scored), scored.features["device_new"]) == ([], 0)


def test_a_new_device_with_a_usual_amount_is_nothing():
    user = User()
    user.pay_daily(3, device_id="d1")
    assert fired(user.pay(20.0, device_id="d2")) == []


def test_an_amount_far_above_the_usual_is_a_spike():
    user = User()
    user.pay_daily(10)
    scored = user.pay(200.0)
    assert fired(scored) == ["amount_spike"]
    assert scored.rules[0].text == "9.6 times the usual amount of 20.00 EUR"


def test_a_spike_needs_a_history():
    user = User()
    user.pay_daily(4)
    assert fired(user.pay(200.0)) == []


@pytest.mark.parametrize(
    ("victims", "run", "rate", "rules"),
    [(1, 9, 0.5, []), (2, 2, 0.02, ["bad_merchant"]), (2, 0, 0.2, ["bad_merchant"]), (2, 1, 0.02, [])],
)
def test_a_merchant_is_bad_by_its_latest_or_by_many_known_frauds_of_several_customers(victims, run, rate, rules):
    user = User()
    user.know(known_frauds=9, known_victims=victims, known_legitimate=9, fraud_rate=rate, fraud_run=run)
    assert fired(user.pay(merchant_id="m1")) == rules


def test_a_failed_challenge_goes_to_review_until_one_is_passed():
    user = User()
    user.tell("challenge_failed", at_ms=-HOUR_MS)
    assert fired(user.pay()) == ["challenge_not_passed"]
    user.tell("challenge_passed", at_ms=MINUTE_MS)
    assert fired(user.pay(at_ms=2 * MINUTE_MS)) == []


@pytest.mark.parametrize(("run", "words"), [(3, "the last 3 in a row"), (0, "a fraud rate of 40%")])
def test_the_evidence_against_a_bad_merchant_names_its_run_or_its_fraud_rate(run, words):
    user = User()
    user.know(known_frauds=9, known_victims=2, known_legitimate=9, fraud_rate=0.4, fraud_run=run)
    assert words in user.pay(merchant_id="m1").rules[0].text
