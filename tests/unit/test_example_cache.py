"""The trees' examples: the verdict in force on each transaction of a bounded, even sample."""

import numpy as np
import pytest

from learner.example_cache import ExampleCache
from learner.label_join import hash_share
from tests.builders import DAY_MS, an_example

NAMES = ("log_amount", "count_1h")


def a_legitimate(number: int, **fields):
    return an_example(transaction_id=f"t{number}", verdict="legitimate", **fields)


def filled(*examples, most: int = 100) -> ExampleCache:
    cache = ExampleCache(NAMES, most)
    for example in examples:
        cache.add(example)
    return cache


def test_columns_hold_the_named_features_and_missing_ones_are_nan():
    example = an_example(features={"log_amount": 2.5, "unknown": 1.0}, weight=5.0)
    values, frauds, weights = filled(example, a_legitimate(2)).training_set()
    assert values[0, 0] == 2.5
    assert np.isnan(values[0, 1])
    assert (frauds.tolist(), weights.tolist()) == ([True, False], [5.0, 1.0])


def test_a_confirmation_adds_nothing():
    confirmation = an_example(outcome="confirmation", weight=0.0)
    assert len(filled(an_example(), a_legitimate(2), confirmation).training_set().frauds) == 2


def test_a_revision_takes_the_place_of_the_verdict_that_it_supersedes():
    revision = an_example(outcome="revision", verdict="legitimate", weight=2.0)
    _, frauds, weights = filled(an_example(), a_legitimate(2), revision).training_set()
    assert (frauds.tolist(), weights.tolist()) == ([False, False], [1.0, 2.0])


def test_a_number_beyond_32_bits_does_not_stop_learning():
    assert np.isinf(filled(a_legitimate(1, features={"log_amount": 1e300})).training_set().values[0, 0])


@pytest.fixture(scope="module")
def sampled():
    """Ten thousand legitimate transactions of weight 2 and fifty frauds, with room for a thousand of each."""
    frauds = [an_example(transaction_id=f"f{number}") for number in range(50)]
    return filled(*(a_legitimate(number, weight=2.0) for number in range(10_000)), *frauds, most=1000).training_set()


def test_at_most_so_many_transactions_of_a_verdict_are_kept(sampled):
    assert (len(sampled.frauds), int(sampled.frauds.sum())) == (1050, 50)


def test_weights_make_up_for_what_is_not_kept(sampled):
    assert sampled.weights[~sampled.frauds].sum() == pytest.approx(20_000, rel=0.1)
    assert set(sampled.weights[sampled.frauds]) == {1.0}


def test_the_sample_is_even_over_time():
    examples = [a_legitimate(number, features={"log_amount": float(number)}) for number in range(10_000)]
    values = filled(*examples, most=1000).training_set().values[:, 0]
    assert np.histogram(values, 10, (0, 10_000))[0] == pytest.approx([100] * 10, abs=35)
    assert (np.diff(values) > 0).all()


def test_the_sample_is_another_than_that_of_matured_payments():
    """The label join keeps those whose unsalted hash is low."""
    ids = [f"t{number}" for number in range(10_000)]
    cache = ExampleCache(("log_amount",), 1000)
    for number, name in enumerate(ids):
        cache.add(an_example(transaction_id=name, verdict="legitimate", features={"log_amount": float(number)}))
    shares = [hash_share(ids[int(number)]) for number in cache.training_set().values[:, 0]]
    assert np.histogram(shares, 5, (0, 1))[0] == pytest.approx([200] * 5, abs=60)


def test_a_dropped_transaction_comes_back_with_a_revision_to_fraud():
    examples = [a_legitimate(number) for number in range(2000)]
    revisions = [
        an_example(transaction_id=f"t{number}", outcome="revision", verdict="fraud") for number in range(2000)
    ][:50]
    _, frauds, _ = filled(*examples, *revisions).training_set()
    assert int(frauds.sum()) == 50


def test_a_revision_to_legitimate_outside_the_sample_ends_the_fraud():
    cache = filled(*(a_legitimate(number) for number in range(2000)))
    cache.compact()
    for number in range(2000, 2020):
        cache.add(an_example(transaction_id=f"t{number}"))
        cache.add(a_legitimate(number, outcome="revision"))
    assert not cache.training_set().frauds.any()


def test_a_verdict_on_one_customers_payment_leaves_that_of_another_with_its_id_alone():
    both = [an_example(user_id=user) for user in ("ana", "ben")]
    revised = an_example(user_id="ana", outcome="revision", verdict="legitimate")
    assert filled(*both, revised).training_set().frauds.tolist() == [True, False]


def test_memory_is_bounded():
    cache = ExampleCache(NAMES, most=50)
    for number in range(3000):
        cache.add(an_example(transaction_id=f"t{number}", verdict="fraud" if number % 2 else "legitimate"))
        cache.add(an_example(transaction_id=f"t{number}", outcome="revision", verdict="fraud"))
    cache.add(a_legitimate(3000))
    assert len(cache.training_set().frauds) == 51


def on_day(day: int, count: int, verdict: str, weight: float = 1.0):
    return [
        an_example(
            transaction_id=f"{verdict}-{day}-{number}", verdict=verdict, event_time_ms=day * DAY_MS, weight=weight
        )
        for number in range(count)
    ]


def test_frauds_wait_until_the_legitimate_payments_of_their_day_are_known():
    past = [
        example for day in range(1, 6) for example in [*on_day(day, 10, "legitimate", 5.0), *on_day(day, 2, "fraud")]
    ]
    cache = filled(*past, *on_day(6, 8, "fraud"))
    assert cache.frauds_to_train_on() == 10
    for example in on_day(6, 10, "legitimate", 5.0):
        cache.add(example)
    assert cache.frauds_to_train_on() == int(cache.training_set().frauds.sum()) == 18


def test_a_few_early_verdicts_of_analysts_make_no_day_known():
    past = [example for day in range(1, 6) for example in on_day(day, 10, "legitimate", 5.0)]
    analysts = [*on_day(6, 4, "legitimate"), *on_day(6, 8, "fraud")]
    assert filled(*past, *analysts).frauds_to_train_on() == 0


def test_a_quiet_day_before_the_last_known_one_counts():
    past = [example for day in (1, 2, 4) for example in on_day(day, 10, "legitimate")]
    assert filled(*past, *on_day(3, 2, "fraud")).frauds_to_train_on() == 2


def test_nothing_is_trained_on_frauds_alone():
    assert filled(*on_day(1, 9, "fraud")).frauds_to_train_on() == 0
