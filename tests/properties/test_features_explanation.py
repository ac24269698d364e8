"""The reasons explain the score exactly."""

import random
from itertools import combinations
from math import exp, fsum, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.explanation import weigh
from detector.rules import AMOUNT_LOG_ODDS, RULES, rules_log_odds
from tests.detecting import fired
from tests.trees import some_trees
from weir.artefact import AdditiveScorer, pack, probability, read_artefact
from weir.bins import Layout
from weir.feature_schema import KIND_OF, LOG_AMOUNT
from weir.messages import RuleHit
from weir.topics import DAY_MS
from weir.vectors import vector_of
from weir.voices import SILENT, Voices, risk

names = st.sampled_from(list(KIND_OF))
some_features = st.dictionaries(names, st.floats(-20, 20))
vectors = st.builds(lambda amount, others: vector_of(others | {"log_amount": amount}), st.floats(0, 20), some_features)
some_rules = st.lists(st.sampled_from(RULES), unique_by=lambda rule: rule.name)


@st.composite
def scorers(draw):
    chosen = draw(st.lists(names, unique=True, max_size=45))
    every_pair = list(combinations(range(len(chosen)), 2))
    pairs = draw(st.lists(st.sampled_from(every_pair), unique=True, max_size=12)) if every_pair else []
    layout, rng = Layout({name: KIND_OF[name] for name in chosen}, pairs), random.Random(draw(st.integers()))
    bins, cells = ([rng.uniform(-5, 5) for _ in range(n)] for n in (layout.bin_count, layout.cell_count))
    return AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=draw(st.floats(0, 1)))


def close(left, right, within=1e-9):
    return abs(left - right) <= within * (1 + abs(left))


models = st.builds(
    Voices, scorers(), st.sampled_from([None, some_trees()]), st.integers(0, 30).map(lambda days: days * DAY_MS)
)


@settings(deadline=None, max_examples=100)
@given(some_rules, vectors, st.none() | models)
def test_the_evidence_adds_up_to_the_score(rules, vector, model):
    hits = [RuleHit(rule=rule.name, version=rule.version, decision=rule.asks, text="") for rule in rules]
    evidence = weigh(hits, vector, model or SILENT)
    score = risk(model, rules_log_odds(fired(rules), float(vector[LOG_AMOUNT])), vector)
    assert close(score, evidence.intercept + fsum(evidence.contributions.values()))
    assert close(score, evidence.log_odds)


@settings(deadline=None, max_examples=100)
@given(vectors, models)
def test_contributions_of_the_model_and_its_intercept_sum_to_its_log_odds(vector, model):
    assert abs(model.intercept + sum(model.contributions(vector).values()) - model.log_odds(vector)) <= 1e-9


@settings(deadline=None, max_examples=100)
@given(vectors, models)
def test_contributions_of_the_model_are_its_own(vector, model):
    scaled = {name: model.trust * value for name, value in model.contributions(vector).items()}
    found = weigh([], vector, model).contributions
    of_rules = (1 - model.trust) * AMOUNT_LOG_ODDS * float(vector[LOG_AMOUNT])
    assert found.pop("log_amount") == pytest.approx(of_rules + scaled.pop("log_amount", 0.0))
    assert found == scaled


@settings(deadline=None, max_examples=100)
@given(some_features, scorers())
def test_a_packed_scorer_scores_as_before_but_for_32_bit_rounding(features, scorer):
    packed = pack(scorer)
    assert close(scorer.log_odds(features), read_artefact(packed).log_odds(features), within=1e-4)
    assert pack(read_artefact(packed)) == packed


@settings(deadline=None, max_examples=100)
@given(st.floats(-30, 30))
def test_a_score_gives_its_log_odds_back(log_odds):
    score = probability(log_odds)
    assert close(log_odds, log(score) - log(1 / (1 + exp(log_odds))))
