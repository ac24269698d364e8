"""The linear model: it learns as River does, uses weights, and compiles exactly."""

import pickle

import pytest
from river import checks

from learner.linear_model import LinearModel, compile_scorer, trust_in
from tests.learning_stream import a_learning_stream
from weir.artefact import probability


@pytest.fixture(scope="module")
def learned():
    model = LinearModel()
    for example in a_learning_stream(600):
        if example.weight > 0:
            model.learn_one(example.features, example.verdict == "fraud", example.weight)
    return model


def test_compiled_scorer_gives_the_models_score(learned):
    scorer = compile_scorer(learned, trust=0.75)
    for example in a_learning_stream(300, seed=2):
        expected = learned.predict_proba_one(example.features)[True]
        assert probability(scorer.log_odds(example.features)) == pytest.approx(expected, abs=1e-9)


def test_contributions_and_intercept_sum_to_the_log_odds(learned):
    scorer, features = compile_scorer(learned, trust=0.75), {"log_amount": 6.0, "device_missing": 1.0}
    total = scorer.intercept + sum(scorer.contributions(features).values())
    assert total == pytest.approx(learned.log_odds_one(features), abs=1e-9)


def test_model_learns_what_distinguishes_frauds(learned):
    large, small = {"log_amount": 6.0, "device_is_new": 1.0}, {"log_amount": 2.0, "device_is_new": 0.0}
    assert learned.log_odds_one(large) > learned.log_odds_one(small) + 3


def test_missing_feature_can_indicate_fraud():
    model = LinearModel()
    for number in range(200):
        model.learn_one({"device_missing": 1.0} if number % 4 == 0 else {"device_is_new": 0.0}, number % 4 == 0)
    assert compile_scorer(model, 0.7).terms["device_missing"].slope > 1


def test_untrained_model_scores_about_the_base_rate():
    assert LinearModel().predict_proba_one({"log_amount": 3.0})[True] == pytest.approx(0.018, abs=0.001)


def test_first_fraud_moves_the_weights_little():
    model = LinearModel()
    model.learn_one({"log_amount": 900.0, "device_missing": 1.0}, True)
    assert model.predict_proba_one({"log_amount": 900.0, "device_missing": 1.0})[True] < 0.03


def test_heavier_example_moves_the_model_more():
    light, heavy = LinearModel(), LinearModel()
    light.learn_one({"device_missing": 1.0}, True, 1.0)
    heavy.learn_one({"device_missing": 1.0}, True, 5.0)
    assert heavy.log_odds_one({}) > light.log_odds_one({}) > LinearModel().log_odds_one({})


def test_scoring_changes_nothing(learned):
    before = learned.learned_state()
    learned.predict_proba_one({"never_seen": 1.0, "log_amount": 3.0})
    assert learned.learned_state() == before


def test_feature_that_never_varied_has_no_term():
    model = LinearModel()
    for number in range(50):
        model.learn_one({"constant": 7.0}, number % 2 == 0)
    assert "constant" not in compile_scorer(model, 0.5).terms


def test_rounding_is_not_variation():
    """Regression: customers at home were 1e-13 km from home, and the first one elsewhere got a score of 1."""
    model = LinearModel()
    for number in range(50):
        model.learn_one({"home_distance_km": number % 3 * 1e-13}, number % 2 == 0)
    assert model.log_odds_one({"home_distance_km": 3.0}) == model.log_odds_one({})


def test_trust_grows_with_the_verdicts_of_both_kinds():
    assert trust_in(frauds=0, legitimate=10_000) == 0.0
    assert trust_in(frauds=1000, legitimate=0) < 0.01
    assert trust_in(frauds=2000, legitimate=200_000) == pytest.approx(0.99, abs=0.001)


def test_pickling_changes_nothing(learned):
    copy = pickle.loads(pickle.dumps(learned))  # noqa: S301 -- pickled on this line
    assert copy.learned_state() == learned.learned_state()


@pytest.mark.parametrize("check", list(checks.yield_checks(LinearModel())), ids=lambda check: check.__name__)
def test_river_accepts_it_as_a_classifier(check):
    check(LinearModel())
