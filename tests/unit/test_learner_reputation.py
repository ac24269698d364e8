"""The records of merchants, devices, addresses and cards after each verdict."""

from math import exp

import msgspec
import pytest

from learner.reputation import MAX_VICTIMS, PUBLISHED_DAYS, Reputations
from tests.builders import DAY_MS, NOON_MS, an_example
from weir.messages import ReputationKey


@pytest.fixture
def reputations():
    return Reputations(max_records=3)


def learn(reputations, *examples):
    """The merchants' published records of devices that are not customers' own, or of either if there is one only."""
    return {key.entity_id: found for key, found in learn_by_key(reputations, *examples).items()}


def learn_by_key(reputations, *examples):
    for n, example in enumerate(examples, 1):
        reputations.learn(n, example)
    return {found.key: found for found in reputations.drain_changed(1)}


def record(reputations, merchant_id="m1", **fields):
    """A merchant's record, whether it is published or not."""
    return reputations._records["merchant"][ReputationKey("merchant", merchant_id, **fields)]


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
    assert learn(reputations, withdrawn) == {}
    assert record(reputations).victims == {}


def test_each_fraud_without_a_customer_counts_as_one_victim(reputations):
    assert learn(reputations, fraud(transaction_id="t1"), fraud(transaction_id="t2"))["m1"].known_victims == 2


def test_victims_beyond_the_limit_are_not_counted(reputations):
    frauds = [fraud(user_id=f"u{number}") for number in range(MAX_VICTIMS + 3)]
    m1 = learn(reputations, *frauds)["m1"]
    assert (m1.known_frauds, m1.known_victims) == (MAX_VICTIMS + 3, MAX_VICTIMS)


def test_own_devices_and_others_are_counted_separately(reputations):
    own, new, none = {"device_own": 1.0}, {"device_own": 0.0}, {}
    examples = [fraud(1, features=new), fraud(2, features=none), legitimate(3, features=own), fraud(4, features=own)]
    found = learn_by_key(reputations, *examples)
    other, theirs = (found[ReputationKey("merchant", "m1", own_device)] for own_device in (False, True))
    assert (other.known_frauds, other.known_legitimate, other.fraud_run, other.n) == (2, 0, 2, 2)
    assert (theirs.known_frauds, theirs.known_legitimate, theirs.fraud_run, theirs.n) == (1, 1, 1, 4)


def test_implicit_example_counts_by_its_weight(reputations):
    assert learn(reputations, legitimate(label_id=None, weight=5.0), fraud())["m1"].known_legitimate == 5


def test_confirmation_counts_nothing(reputations):
    assert learn(reputations, fraud(), fraud(outcome="confirmation", weight=0.0))["m1"].known_frauds == 1


def test_late_fraud_replaces_the_implicit_verdict(reputations):
    implicit = legitimate(label_id=None, weight=5.0)
    revision = fraud(outcome="revision", supersedes=0, superseded_weight=5.0)
    m1 = learn(reputations, implicit, revision)["m1"]
    assert (m1.known_frauds, m1.known_legitimate) == (1, 0)


def test_withdrawn_fraud_is_no_longer_counted(reputations):
    withdrawn = legitimate(outcome="revision", supersedes=0, superseded_weight=1.0)
    assert learn(reputations, fraud(), withdrawn) == {}
    m1 = record(reputations)
    assert (m1.frauds, m1.latest.run(), m1.latest.last_fraud_ms, m1.legitimate) == (0, (0, None, 0), None, 1)
    assert (m1.decaying.frauds, m1.decaying.payments) == ((0,) * 3, (1,) * 3)


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
    assert "big" not in found


def test_example_without_a_merchant_counts_for_the_base_rate_only(reputations):
    before = reputations.base_rate
    assert learn(reputations, fraud(merchant_id=None)) == {}
    assert reputations.base_rate > before


ENTITIES = {"device": "device_id", "ip": "ip", "card": "card_id"}


@pytest.mark.parametrize(("entity", "field"), ENTITIES.items())
def test_device_address_or_card_has_a_record_from_its_first_fraud_on(reputations, entity, field):
    payments = [legitimate(0), fraud(1), legitimate(2, weight=5.0), fraud(3), legitimate(4), fraud(5)]
    examples = [an_example_of(payment, **{field: "x"}) for payment in payments]
    assert learn_by_key(reputations, examples[0]) == {}
    found = learn_by_key(reputations, *examples[1:])[ReputationKey(entity, "x")]
    assert (found.known_frauds, found.known_legitimate, found.known_victims, found.n) == (3, 6, 0, 5)
    assert (found.fraud_run, found.run_since_ms, found.last_legitimate_ms) == (1, at(5), at(4))


def test_payment_counts_for_everything_it_names(reputations):
    found = learn_by_key(reputations, fraud(device_id="d1", ip="10.0.0.1", card_id="c1"))
    assert [key.control_key for key in found] == [
        "reputation:m1",
        "device-reputation:d1",
        "ip-reputation:10.0.0.1",
        "card-reputation:c1",
    ]


def an_example_of(example, **fields):
    return msgspec.structs.replace(example, merchant_id=None, **fields)


def at(day):
    return NOON_MS + day * DAY_MS


def test_run_begins_with_its_first_fraud_and_remembers_the_legitimate_payment_before_it(reputations):
    m1 = learn(reputations, legitimate(1), fraud(2), fraud(4), legitimate(0))["m1"]
    assert (m1.fraud_run, m1.run_since_ms, m1.last_legitimate_ms) == (2, at(2), at(1))
    m1 = learn(reputations, legitimate(3))["m1"]
    assert (m1.fraud_run, m1.run_since_ms, m1.last_legitimate_ms) == (1, at(4), at(3))
    m1 = learn(reputations, legitimate(5))["m1"]
    assert (m1.fraud_run, m1.run_since_ms, m1.last_legitimate_ms, m1.last_fraud_ms) == (0, None, at(5), at(4))


def test_frauds_that_arrive_out_of_order_leave_the_same_run(reputations):
    other = Reputations()
    ordered = learn(reputations, legitimate(1), fraud(2), fraud(3))["m1"]
    shuffled = learn(other, legitimate(1), fraud(3), fraud(2))["m1"]
    assert (shuffled.fraud_run, shuffled.run_since_ms) == (ordered.fraud_run, ordered.run_since_ms) == (2, at(2))
    assert decayed(shuffled) == pytest.approx(decayed(ordered))


def test_at_the_same_time_the_fraud_counts_as_the_later_one():
    for examples in ([legitimate(1), fraud(1)], [fraud(1), legitimate(1)]):
        assert learn(Reputations(), *examples)["m1"].fraud_run == 1


def test_fraud_that_was_withdrawn_and_told_again_is_in_the_run(reputations):
    withdrawn = legitimate(2, outcome="revision", supersedes=0, superseded_weight=1.0)
    again = fraud(2, outcome="revision", supersedes=1, superseded_weight=1.0)
    m1 = learn(reputations, fraud(1), fraud(2), withdrawn)["m1"]
    assert (m1.fraud_run, m1.known_frauds) == (0, 1)
    m1 = learn(reputations, again)["m1"]
    assert (m1.fraud_run, m1.run_since_ms, m1.last_legitimate_ms) == (2, at(1), None)


def test_frauds_told_after_they_counted_as_legitimate_are_a_run(reputations):
    days = range(1, 31)  # more than the times that are kept
    learn(reputations, *[legitimate(day, label_id=None, weight=5.0) for day in days])
    revisions = [fraud(day, outcome="revision", supersedes=0, superseded_weight=5.0) for day in days]
    m1 = learn(reputations, *revisions)["m1"]
    assert (m1.fraud_run, m1.run_since_ms, m1.known_legitimate) == (30, at(1), 0)


def test_ordinary_frauds_of_a_run_are_unexplained_until_it_ends(reputations):
    usual = {"log_amount": 3.0, "amount_ratio": 0.0}
    odd = {"log_amount": 3.0, "amount_ratio": 4.0}
    learn(reputations, *[legitimate(0, merchant_id="m2", features=usual, weight=1000.0)])
    m1 = learn(reputations, fraud(1, features=usual), fraud(2, features=odd), fraud(3, features=usual))["m1"]
    assert m1.unexplained_frauds == pytest.approx(2)
    assert learn(reputations, legitimate(4, features=usual))["m1"].unexplained_frauds == 0


def test_withdrawn_fraud_of_a_run_is_no_longer_unexplained(reputations):
    usual = {"log_amount": 3.0, "amount_ratio": 0.0}
    frauds = [fraud(day, features=usual, transaction_id=f"t{day}") for day in (1, 2)]
    withdrawn = legitimate(1, features=usual, outcome="revision", supersedes=0, superseded_weight=1.0)
    m1 = learn(reputations, *frauds, withdrawn)["m1"]
    assert (m1.fraud_run, m1.unexplained_frauds) == (1, pytest.approx(1))


def decayed(reputation):
    return msgspec.structs.astuple(reputation.decayed)


def test_known_payments_fade_over_3_10_and_30_days(reputations):
    m1 = learn(reputations, fraud(0), legitimate(6, weight=5.0), fraud(6))["m1"]
    faded = [exp(-6 / tau_days) for tau_days in (3, 10, 30)]
    expected = (at(6), reputations.base_rate, *[1 + share for share in faded], *[6 + share for share in faded])
    assert decayed(m1) == pytest.approx(expected)


def test_superseded_verdict_is_taken_back_as_it_has_faded(reputations):
    implicit = legitimate(0, label_id=None, weight=5.0)
    late = fraud(0, outcome="revision", supersedes=0, superseded_weight=5.0)
    counts = learn(reputations, implicit, legitimate(6), late)["m1"].decayed
    assert (counts.frauds_3d, counts.payments_3d) == pytest.approx((exp(-2), 1 + exp(-2)))


def test_revision_of_a_payment_from_before_the_record_takes_nothing_else_back(reputations):
    late = an_example_of(fraud(0, outcome="revision", supersedes=0, superseded_weight=5.0), card_id="c1")
    c1 = learn_by_key(reputations, late)[ReputationKey("card", "c1")]
    assert (c1.known_legitimate, decayed(c1)[2:]) == (0, (1,) * 6)


def test_only_records_with_a_known_fraud_are_published(reputations):
    assert learn(reputations, legitimate(0), legitimate(1, merchant_id="m2")) == {}
    assert reputations.drain_withdrawn() == []


def elsewhere(day):
    return legitimate(day, merchant_id=None)


def test_record_is_withdrawn_once_when_its_last_fraud_is_too_old(reputations):
    learn(reputations, fraud(0), fraud(1), elsewhere(PUBLISHED_DAYS + 1))
    assert reputations.drain_withdrawn() == []
    assert learn(reputations, elsewhere(PUBLISHED_DAYS + 2), legitimate(PUBLISHED_DAYS + 2)) == {}
    assert reputations.drain_withdrawn() == [ReputationKey("merchant", "m1")]
    assert learn(reputations, elsewhere(PUBLISHED_DAYS + 9), legitimate(PUBLISHED_DAYS + 9)) == {}
    assert reputations.drain_withdrawn() == []


def test_withdrawn_record_that_was_not_drained_is_not_changed(reputations):
    assert learn(reputations, fraud(0), elsewhere(PUBLISHED_DAYS + 1)) == {}
    assert reputations.drain_withdrawn() == [ReputationKey("merchant", "m1")]


def test_record_comes_back_with_all_it_knew(reputations):
    learn(reputations, fraud(0, user_id="u1"), elsewhere(PUBLISHED_DAYS + 1))
    m1 = learn(reputations, fraud(PUBLISHED_DAYS + 1, user_id="u2"))["m1"]
    assert (m1.known_frauds, m1.known_victims, m1.fraud_run) == (2, 2, 2)
    assert reputations.drain_withdrawn() == []


def test_fraud_that_is_already_too_old_is_not_published(reputations):
    assert learn(reputations, elsewhere(PUBLISHED_DAYS + 1), fraud(0)) == {}
    assert record(reputations).frauds == 1


def test_record_without_frauds_any_more_is_withdrawn(reputations):
    learn(reputations, fraud())
    assert learn(reputations, legitimate(outcome="revision", supersedes=0, superseded_weight=1.0)) == {}
    assert reputations.drain_withdrawn() == [ReputationKey("merchant", "m1")]


def test_forgotten_record_is_withdrawn(reputations):
    assert set(learn(reputations, *[fraud(merchant_id=name) for name in ("a", "b", "c", "d")])) == {"b", "c", "d"}
    assert reputations.drain_withdrawn() == [ReputationKey("merchant", "a")]


def test_every_entity_has_its_own_limit(reputations):
    cards = [fraud(merchant_id="a", card_id=f"c{number}") for number in range(9)]
    found = learn_by_key(reputations, *cards)
    assert [key.control_key for key in found] == [
        "reputation:a",
        "card-reputation:c6",
        "card-reputation:c7",
        "card-reputation:c8",
    ]


def test_merchant_with_the_oldest_last_example_is_forgotten_first(reputations):
    learn(reputations, *[fraud(merchant_id=name) for name in ("a", "b", "a", "c", "d")])
    again = learn(reputations, *[fraud(merchant_id=name) for name in ("a", "b")])
    assert (again["a"].known_frauds, again["b"].known_frauds) == (3, 1)
