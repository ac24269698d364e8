"""The mean of the two voices, the trees' fading, and attributions that add up."""

import numpy as np
import pytest

from tests.scorers import a_scorer
from tests.trees import features_of, rows, some_trees
from weir.artefact import AdditiveScorer
from weir.bins import Layout
from weir.feature_schema import NAMES, ROW_OF
from weir.topics import DAY_MS
from weir.vectors import vector_of
from weir.voices import FORMER, Voices, risk, share_of_trees

PAYMENTS = [features_of(row) for row in rows(20, seed=11)]
ADDITIVE = a_scorer(trust=0.75, log_amount=0.5, merchants_24h=0.2)
FRESH, FADING = Voices(ADDITIVE, some_trees()), Voices(ADDITIVE, some_trees(), 21 * DAY_MS)


@pytest.mark.parametrize("payment", PAYMENTS)
def test_fresh_voices_are_the_plain_mean_of_both(payment):
    both = ADDITIVE.log_odds(payment), some_trees().log_odds(payment)
    assert FRESH.log_odds(vector_of(payment)) == pytest.approx(sum(both) / 2)


def test_without_trees_the_additive_model_speaks_alone():
    alone = Voices(ADDITIVE)
    for payment in PAYMENTS:
        assert alone.log_odds(vector_of(payment)) == ADDITIVE.log_odds(payment)
        assert some(alone.contributions(vector_of(payment))) == some(ADDITIVE.contributions(payment))
    assert alone.intercept == ADDITIVE.intercept


@pytest.mark.parametrize("voices", [FRESH, FADING, Voices(ADDITIVE)])
def test_contributions_and_intercept_add_up_to_the_log_odds(voices):
    for payment in PAYMENTS:
        total = voices.intercept + sum(voices.contributions(vector_of(payment)).values())
        assert total == pytest.approx(voices.log_odds(vector_of(payment)), abs=1e-9)


def test_features_that_only_one_voice_reads_contribute():
    found = some(FRESH.contributions(vector_of({"log_amount": 3.0, "count_1h": 2.0})))
    assert {"log_amount", "count_1h"} <= set(found) <= {*ADDITIVE.layout.names, *some_trees().names}
    assert list(FRESH.contributions(vector_of({}))) == [*NAMES, FORMER]


def test_a_feature_that_the_schema_no_longer_has_still_adds_up():
    layout = Layout({"log_amount": ROW_OF["log_amount"].kind, "weather": "flag"})
    voices = Voices(AdditiveScorer(layout=layout, bins=np.arange(float(layout.bin_count)), cells=[], trust=1.0))
    vector = vector_of(PAYMENTS[0])
    found = voices.contributions(vector)
    assert set(some(found)) == {"log_amount", FORMER}
    assert voices.intercept + sum(found.values()) == pytest.approx(voices.log_odds(vector))


def some(contributions):
    """Those that are not zero."""
    return {name: value for name, value in contributions.items() if value}


def test_trees_fade_out_between_the_second_and_the_fourth_week():
    days = [-1, 0, 14, 17.5, 21, 28, 60]
    assert [share_of_trees(round(day * DAY_MS)) for day in days] == [0.5, 0.5, 0.5, 0.375, 0.25, 0.0, 0.0]


def test_old_trees_are_silent():
    silent = Voices(ADDITIVE, some_trees(), 28 * DAY_MS)
    assert [silent.log_odds(vector_of(payment)) for payment in PAYMENTS] == [
        ADDITIVE.log_odds(payment) for payment in PAYMENTS
    ]


def test_without_a_model_the_rules_alone_score():
    assert risk(None, -4.0, vector_of(PAYMENTS[0])) == -4.0


def test_rules_have_what_the_models_trust_leaves():
    payment = PAYMENTS[0]
    assert risk(FRESH, 2.0, vector_of(payment)) == pytest.approx(0.25 * 2.0 + 0.75 * FRESH.log_odds(vector_of(payment)))
