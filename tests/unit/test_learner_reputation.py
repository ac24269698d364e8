"""A merchant's reputation after each verdict."""

import pytest

from learner.reputation import MAX_VICTIMS, Reputations
from tests.builders import DAY_MS, NOON_MS, an_example


@pytest.fixture
def reputations():
    return Reputations(max_records=3)


def learn(reputations, *examples):
    return {merchant_id: found for (merchant_id, _), found in learn_by_device(reputations, *examples).items()}


def learn_by_device(reputations, *examples):
    for n, example in enumerate(examples, 1):
        reputations.learn(n, example)
    return {found.key: found for found in reputations.drain_changed(1)}


def fraud(day=0, **fields):
    return an_example(event_time_ms=NOON_MS + day * DAY_MS, **fields)


def legitimate(day=0, **fields):
    return an_example(event_time_ms=NOON_MS + day * DAY_MS, verdict="legitimate", **fields)


def test_verdicts_are_counted(reputations):
    m1 = learn(reputations, fraud(1), fraud(2), legitimate(0))["m1"]
    assert (m1.known_frauds, m1.known_legitimate, m1.n) == (2, 1, 3)


def test_victims_are_customers_not_frauds(reputations):
    m1 = learn(reputations, fraud(1, user_id="u1"), fraud(1, user_id="u1"), fraud(2, user_id="u2"), legitimate())["m1"]
    assert (m1.known_frauds, m1.known_victims) == (3, 2)


def test_customer_is_a_victim_until_the_last_fraud_is_withdrawn(reputations):
    withdrawn = legitimate(user_id="u1", outcome="revision", supersedes=0, superseded_weight=1.0)
    assert learn(reputations, fraud(user_id="u1"), fraud(user_id="u1"), withdrawn)["m1"].known_victims == 1
    assert learn(reputations, withdrawn)["m1"].known_victims == 0


def test_each_fraud_without_a_customer_counts_as_one_victim(reputations):
    assert learn(reputations, fraud(transaction_id="t1"), fraud(transaction_id="t2"))["m1"].known_victims == 2


def test_victims_beyond_the_limit_are_not_counted(reputations):
    frauds = [fraud(user_id=f"u{number}") for number in range(MAX_VICTIMS + 3)]
    m1 = learn(reputations, *frauds)["m1"]
    assert (m1.known_frauds, m1.known_victims) == (MAX_VICTIMS + 3, MAX_VICTIMS)


def test_own_devices_and_others_are_counted_separately(reputations):
    own, new, none = {"device_own": 1.0}, {"device_own": 0.0}, {}
    examples = [fraud(1, features=new), fraud(2, features=none), legitimate(3, features=own), fraud(4, features=own)]
    found = learn_by_device(reputations, *examples)
    other, theirs = found["m1", False], found["m1", True]
    assert (other.known_frauds, other.known_legitimate, other.fraud_run, other.n) == (2, 0, 2, 2)
    assert (theirs.known_frauds, theirs.known_legitimate, theirs.fraud_run, theirs.n) == (1, 1, 1, 4)
    assert other.key != theirs.key


def test_implicit_example_counts_by_its_weight(reputations):
    assert learn(reputations, legitimate(label_id=None, weight=5.0))["m1"].known_legitimate == 5


def test_confirmation_counts_nothing(reputations):
    assert learn(reputations, fraud(), fraud(outcome="confirmation", weight=0.0))["m1"].known_frauds == 1


def test_late_fraud_replaces_the_implicit_verdict(reputations):
    implicit = legitimate(label_id=None, weight=5.0)
    revision = fraud(outcome="revision", supersedes=0, superseded_weight=5.0)
    m1 = learn(reputations, implicit, revision)["m1"]
    assert (m1.known_frauds, m1.known_legitimate) == (1, 0)


def test_withdrawn_fraud_is_no_longer_counted(reputations):
    withdrawn = legitimate(outcome="revision", supersedes=0, superseded_weight=1.0)
    m1 = learn(reputations, fraud(), withdrawn)["m1"]
    assert (m1.known_frauds, m1.fraud_run, m1.last_fraud_ms, m1.known_legitimate) == (0, 0, None, 1)


def test_consecutive_frauds_are_a_run(reputations):
    m1 = learn(reputations, fraud(1), fraud(3), fraud(2))["m1"]
    assert (m1.fraud_run, m1.last_fraud_ms) == (3, NOON_MS + 3 * DAY_MS)


def test_legitimate_transaction_after_the_frauds_ends_the_run(reputations):
    assert learn(reputations, fraud(1), fraud(2), legitimate(3))["m1"].fraud_run == 0


def test_older_transaction_that_matures_later_does_not_end_the_run(reputations):
    assert learn(reputations, fraud(31), fraud(32), legitimate(1, label_id=None))["m1"].fraud_run == 2


def test_fraud_older_than_the_last_legitimate_transaction_starts_no_run(reputations):
    assert learn(reputations, legitimate(5), fraud(1))["m1"].fraud_run == 0


def test_rate_is_smoothed_towards_the_base_rate(reputations):
    others = [legitimate(transaction_id=str(number), merchant_id="big") for number in range(900)]
    found = learn(reputations, *others, fraud(merchant_id="new"))
    assert found["new"].fraud_rate == pytest.approx((1 + 20 * 0.002) / 21, rel=0.01)
    assert found["big"].fraud_rate < 0.002


def test_example_without_a_merchant_counts_for_the_base_rate_only(reputations):
    before = reputations.base_rate
    assert learn(reputations, fraud(merchant_id=None)) == {}
    assert reputations.base_rate > before


def test_merchant_with_the_oldest_last_example_is_forgotten_first(reputations):
    learn(reputations, *[fraud(merchant_id=name) for name in ("a", "b", "a", "c", "d")])
    again = learn(reputations, *[fraud(merchant_id=name) for name in ("a", "b")])
    assert (again["a"].known_frauds, again["b"].known_frauds) == (3, 1)
