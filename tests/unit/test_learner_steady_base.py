"""The steady base: the mean log-odds of known legitimate payments fall at once and rise slowly."""

import random

import pytest

from learner.linear_model import LinearModel, compile_scorer
from learner.steady_base import RECOVERY, WINDOW, SteadyBase
from weir.artefact import Term

TERMS = {"amount": Term(slope=2.0, offset=-1.0), "device_missing": Term(slope=3.0, offset=0.0)}


@pytest.fixture
def base():
    """A steady base after legitimate payments, half of them with an amount of 3, half without one."""
    base = SteadyBase()
    for number in range(int(WINDOW) + 1):
        base.learn_legitimate({"amount": 3.0} if number % 2 else {}, 1.0)
    base.hold(-6.0, TERMS, 1.0)
    return base


def test_nothing_is_held_after_one_example_of_any_weight():
    base = SteadyBase()
    base.learn_legitimate({"amount": 3.0}, WINDOW + 1)
    base.hold(-6.0, TERMS, 1.0)
    base.hold(-2.0, TERMS, 1.0)
    assert base.correction == 0.0


def test_nothing_is_held_until_the_window_is_full():
    base = SteadyBase()
    for _ in range(int(WINDOW)):
        base.learn_legitimate({"amount": 3.0}, 1.0)
    base.hold(-6.0, TERMS, 1.0)
    base.hold(-2.0, TERMS, 1.0)
    assert base.correction == 0.0


def test_absent_features_add_nothing_to_the_mean_log_odds(base):
    base.hold(-9.0, TERMS, 1.0)
    assert base.learned_state()["held"] == pytest.approx(-9.0 + 0.5 * (2.0 * 3.0 - 1.0), abs=0.02)


def test_fall_is_followed_at_once(base):
    base.hold(-7.0, TERMS, 1.0)
    assert base.correction == 0.0


def test_rise_is_held_back(base):
    base.hold(-5.0, TERMS, 1.0)
    assert base.correction == pytest.approx(-1.0, abs=0.001)


def test_lasting_rise_is_followed_slowly(base):
    for _ in range(200):
        base.hold(-5.0, TERMS, RECOVERY / 100)
    assert base.correction == pytest.approx(-0.135, abs=0.005)


def test_heavy_example_counts_as_several_payments():
    light, heavy = SteadyBase(), SteadyBase()
    for number in range(400):
        heavy.learn_legitimate({"amount": float(number % 2)}, 5.0)
        for _ in range(5):
            light.learn_legitimate({"amount": float(number % 2)}, 1.0)
    values = [base.learned_state()["values"]["amount"] for base in (light, heavy)]
    assert values[0] == pytest.approx(values[1], abs=0.005)


def test_mean_covers_many_examples_even_if_they_are_heavy():
    base = SteadyBase()
    for number in range(400):
        base.learn_legitimate({"amount": float(number % 2)}, 1000.0)
    assert base.learned_state()["values"]["amount"] == pytest.approx(0.5, abs=0.01)


def test_frauds_that_look_honest_do_not_raise_honest_scores():
    """Old frauds have high amounts and new devices; the new frauds look like honest payments in both."""
    rng, model = random.Random(1), LinearModel(0.1)

    def payment(fraud):
        return {"amount": rng.gauss(6.0 if fraud else 3.0, 1.0), "device_age": rng.gauss(0.5 if fraud else 3.0, 0.5)}

    for number in range(4000):
        fraud = number % 10 == 0
        model.learn_one(payment(fraud), fraud, 1.0 if fraud else 5.0)
    good = [payment(fraud=False) for _ in range(300)]
    before, raw_before = _mean(model, good), _mean(model, good) - model.base.correction
    for _ in range(60):
        model.learn_one(payment(fraud=False), True)
    assert _mean(model, good) - model.base.correction > raw_before + 0.3
    assert _mean(model, good) < before + 0.1


def test_compiled_scorer_includes_the_correction():
    model = LinearModel()
    for number in range(2000):
        model.learn_one({"amount": float(number % 7)}, number % 7 == 6, 1.0)
    for _ in range(50):
        model.learn_one({"amount": 1.0}, True)
    assert model.base.correction < 0
    features = {"amount": 2.0}
    assert compile_scorer(model, 1.0).log_odds(features) == pytest.approx(model.log_odds_one(features), abs=1e-9)


def _mean(model, payments):
    return sum(map(model.log_odds_one, payments)) / len(payments)
