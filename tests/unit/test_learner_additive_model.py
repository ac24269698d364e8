"""The additive model: it learns bins and the pairs that it chooses, and compiles to the detector's form."""

import pickle
import random
from math import log

import numpy as np
import pytest
from river import checks

from detector.rules import BASE_LOG_ODDS
from learner.additive_model import FIRST_CHOICE_FRAUDS, INTERCEPT, PAIRED_FEATURES, AdditiveModel, compile_scorer
from learner.digest import canonical_digest
from tests.learning_stream import a_learning_stream
from weir.feature_schema import KIND_OF

FLAGS = {"night": "flag", "country_new": "flag", "hour": "hour"}
ABSENT = {f"absent_{n}": "flag" for n in range(50)}


def taught(examples, **options):
    model = AdditiveModel(**options)
    for x, y in examples:
        model.learn_one(x, y)
    return model


def both_or_neither(count, seed=1):
    """Frauds have both flags or neither, so neither flag tells anything without the other."""
    rng = random.Random(seed)
    for _ in range(count):
        night, abroad = rng.random() < 0.5, rng.random() < 0.5
        x = {"night": float(night), "country_new": float(abroad), "hour": float(rng.randrange(7))}
        yield x, night == abroad and rng.random() < 0.5


@pytest.fixture(scope="module")
def learned():
    model = AdditiveModel(kinds=KIND_OF)
    for example in a_learning_stream(1500):
        if example.weight > 0:
            model.learn_one(example.features, example.verdict == "fraud", example.weight)
    assert model.layout.pairs
    return model


def test_it_scores_about_the_base_rate_before_it_has_learned():
    assert AdditiveModel().predict_proba_one({"log_amount": 3.0})[True] == pytest.approx(0.0067, abs=0.0001)


def test_it_learns_what_distinguishes_frauds(learned):
    large, small = {"log_amount": 6.0, "device_new": 1.0}, {"log_amount": 2.0, "device_new": 0.0}
    assert learned.log_odds_one(large) > learned.log_odds_one(small) + 2


def test_a_first_fraud_moves_each_weight_by_less_than_the_rate():
    model = taught([({"night": 1.0}, True)], kinds=FLAGS)
    assert sum(value != 0 for value in model.bins.values) == 1 + len(FLAGS)
    assert 0 < model.bins.values[model.layout.bins({"night": 1.0})[1]] < model.learning_rate


def test_a_first_fraud_raises_the_score_of_the_next_payment_like_it():
    """By more than from the model's intercept to the rules' base, or a model that knows one fraud lowers the score."""
    payment = {"log_amount": 6.0, "device_new": 1.0}
    before, model = AdditiveModel(kinds=KIND_OF).log_odds_one(payment), taught([(payment, True)], kinds=KIND_OF)
    assert model.log_odds_one(payment) - before > 2 * (BASE_LOG_ODDS - INTERCEPT)


def test_a_fraud_raises_the_others_hardly_more_where_features_never_come():
    few, many = rise_of_others(FLAGS), rise_of_others(FLAGS | ABSENT)
    assert 0 < few < many < few + 0.1


def rise_of_others(kinds):
    """How much the log-odds of payments at noon rise with a fraud at five."""
    model = taught([({"night": float(n % 2), "hour": float(n % 24)}, False) for n in range(2000)], kinds=kinds)
    before = model.log_odds_one({"night": 0.0, "hour": 12.0})
    model.learn_one({"night": 1.0, "hour": 5.0}, True)
    return model.log_odds_one({"night": 0.0, "hour": 12.0}) - before


def test_features_that_never_come_disturb_no_cold_start():
    for seed in range(3):
        assert log_loss_of_flags(FLAGS | ABSENT, seed) < 1.02 * log_loss_of_flags(FLAGS, seed)


def log_loss_of_flags(kinds, seed):
    """The mean log loss of a cold start: each payment is scored, then learned."""
    rng, model, losses = random.Random(seed), AdditiveModel(kinds=kinds), []
    for _ in range(2000):
        fraud = rng.random() < 0.02
        x = {"night": float(rng.random() < (0.7 if fraud else 0.1)), "hour": float(rng.randrange(24))}
        losses.append(-log(model.predict_proba_one(x)[fraud]))
        model.learn_one(x, fraud)
    return sum(losses) / len(losses)


def test_a_heavier_example_moves_the_model_more():
    light, heavy = AdditiveModel(kinds=FLAGS), AdditiveModel(kinds=FLAGS)
    light.learn_one({"night": 1.0}, True, 1.0)
    heavy.learn_one({"night": 1.0}, True, 5.0)
    assert heavy.log_odds_one({}) > light.log_odds_one({}) > AdditiveModel(kinds=FLAGS).log_odds_one({})


def test_a_missing_feature_has_its_own_weight():
    model = taught([({} if n % 4 == 0 else {"night": 0.0}, n % 4 == 0) for n in range(400)], kinds={"night": "flag"})
    assert model.log_odds_one({}) > model.log_odds_one({"night": 0.0}) + 2
    assert model.log_odds_one({}) == model.log_odds_one({"night": float("nan")})


def test_a_feature_without_a_kind_is_ignored():
    one, other = taught(both_or_neither(200), kinds=FLAGS), AdditiveModel(kinds=FLAGS)
    for x, y in both_or_neither(200):
        other.learn_one(x | {"merchant_mood": 7.0}, y)
    assert other.learned_state() == one.learned_state()


def test_without_kinds_every_feature_is_learned():
    model = taught([({"mood": float(n % 2)} if n > 9 else {}, n % 2 == 1) for n in range(300)])
    assert model.log_odds_one({"mood": 1.0}) > model.log_odds_one({"mood": 0.0}) + 2


def test_a_planted_interaction_is_found_by_a_pair():
    model = taught(both_or_neither(4000), kinds=FLAGS)
    both, one = {"night": 1.0, "country_new": 1.0, "hour": 1.0}, {"night": 1.0, "country_new": 0.0, "hour": 1.0}
    assert (0, 1) in model.layout.pairs
    assert model.predict_proba_one(both)[True] > 0.3
    assert model.predict_proba_one(one)[True] < 0.15


def test_pairs_are_chosen_when_the_frauds_have_doubled():
    model, changes = AdditiveModel(kinds=FLAGS), []
    for x, y in both_or_neither(2000):
        before = model.layout
        model.learn_one(x, y)
        if model.layout is not before:
            changes.append(model.frauds)
    assert changes == [FIRST_CHOICE_FRAUDS, 2 * FIRST_CHOICE_FRAUDS, 4 * FIRST_CHOICE_FRAUDS]


def test_pairs_join_the_most_important_features():
    rng, kinds = random.Random(4), {f"flag_{n:02d}": "flag" for n in range(20)}
    model = AdditiveModel(kinds=kinds)
    for n in range(1500):
        fraud = n % 10 == 0
        chance = {name: 0.1 + 0.04 * nth * fraud for nth, name in enumerate(kinds)}
        model.learn_one({name: float(rng.random() < share) for name, share in chance.items()}, fraud)
    chosen = {place for pair in model.layout.pairs for place in pair}
    assert len(chosen) == PAIRED_FEATURES
    assert {17, 18, 19} < chosen


def test_a_pair_that_stays_keeps_its_weights():
    model = taught(both_or_neither(1500), kinds=FLAGS)
    before, layout = model.cells.part(model.layout.cells_of(0)), model.layout
    model._choose_pairs()
    after = model.cells.part(model.layout.cells_of(model.layout.pairs.index(layout.pairs[0])))
    assert any(before.values)
    assert np.array_equal(after.values, before.values)
    assert np.array_equal(after.squares, before.squares)


def test_a_feature_that_never_varied_is_in_no_pair():
    kinds = FLAGS | {"always": "flag", "never": "flag"}
    model = taught([(x | {"always": 1.0}, y) for x, y in both_or_neither(1500)], kinds=kinds)
    assert model.layout.pairs == ((0, 1), (0, 2), (1, 2))


def test_scoring_changes_nothing(learned):
    before = learned.learned_state()
    learned.predict_proba_one({"never_seen": 1.0, "log_amount": 3.0})
    assert learned.learned_state() == before
    one = AdditiveModel()
    one.predict_proba_one({"never_seen": 1.0})
    assert one.learned_state() == AdditiveModel().learned_state()


def test_pickling_changes_nothing(learned):
    copy = pickle.loads(pickle.dumps(learned))  # noqa: S301 -- pickled on this line
    assert canonical_digest(copy.learned_state()) == canonical_digest(learned.learned_state())
    for model in (copy, learned):
        model.learn_one({"log_amount": 3.0}, True)
    assert canonical_digest(copy.learned_state()) == canonical_digest(learned.learned_state())


def test_the_compiled_scorer_gives_the_models_score(learned):
    scorer = compile_scorer(learned, trust=0.75)
    for example in a_learning_stream(300, seed=2):
        assert scorer.log_odds(example.features) == learned.log_odds_one(example.features)


def test_the_compiled_scorer_does_not_follow_the_model():
    model = taught(both_or_neither(1500), kinds=FLAGS)
    scorer = compile_scorer(model, trust=0.75)
    before = scorer.log_odds({"night": 1.0})
    model.learn_one({"night": 1.0}, True)
    assert scorer.log_odds({"night": 1.0}) == before != model.log_odds_one({"night": 1.0})


@pytest.mark.parametrize("check", list(checks.yield_checks(AdditiveModel())), ids=lambda check: check.__name__)
def test_river_accepts_it_as_a_classifier(check):
    check(AdditiveModel())
