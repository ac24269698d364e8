"""The reasons explain the score exactly."""

from math import exp, fsum, log

from hypothesis import given, settings
from hypothesis import strategies as st

from detector.explanation import weigh
from detector.feature_catalogue import FEATURES
from detector.rules import BASE_LOG_ODDS, RULES
from weir.artefact import LinearScorer, Term, probability
from weir.messages import RuleHit

numbers = st.floats(-20, 20)
some_features = st.dictionaries(st.sampled_from([feature.name for feature in FEATURES]), numbers)
some_terms = st.dictionaries(
    st.sampled_from([feature.name for feature in FEATURES]), st.builds(Term, numbers, numbers), max_size=45
)
scorers = st.builds(LinearScorer, intercept=numbers, terms=some_terms, trust=st.floats(0, 1))
hits = st.lists(st.sampled_from(RULES), unique_by=lambda rule: rule.name).map(
    lambda rules: [RuleHit(rule=rule.name, version=rule.version, decision=rule.asks, text="") for rule in rules]
)


def close(left, right):
    return abs(left - right) <= 1e-9 * (1 + abs(left))


@settings(deadline=None, max_examples=100)
@given(hits, some_features, scorers)
def test_contributions_and_intercept_sum_to_the_log_odds(fired, features, scorer):
    evidence = weigh(fired, features, scorer)
    assert close(evidence.log_odds, evidence.intercept + fsum(evidence.contributions.values()))


@settings(deadline=None, max_examples=100)
@given(hits, some_features, scorers)
def test_the_score_is_rules_and_model_blended_by_trust(fired, features, scorer):
    weights = {rule.name: rule.weight for rule in RULES}
    rules = BASE_LOG_ODDS + sum(weights[hit.rule] for hit in fired)
    blend = (1 - scorer.trust) * rules + scorer.trust * scorer.log_odds(features)
    assert close(blend, weigh(fired, features, scorer).log_odds)


@settings(deadline=None, max_examples=100)
@given(some_features, scorers)
def test_contributions_of_the_model_are_the_artefacts_own(features, scorer):
    scaled = {name: scorer.trust * value for name, value in scorer.contributions(features).items()}
    assert weigh([], features, scorer).contributions == scaled


@settings(deadline=None, max_examples=100)
@given(st.floats(-30, 30))
def test_a_score_gives_its_log_odds_back(log_odds):
    score = probability(log_odds)
    assert close(log_odds, log(score) - log(1 / (1 + exp(log_odds))))
